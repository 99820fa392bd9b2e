package org.bitatlas.eval.endpoint;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * How a server is asked.
 *
 * @param address where it listens
 * @param key key sent to this address and no other; never part of a record, an error or {@link
 *     #toString}
 * @param concurrency requests under way at the same time, at least 1
 * @param timeout how long one request may take until its last byte
 * @param attempts how often a request is tried before it counts as failed
 * @param firstPause wait before the second attempt; doubled before each further one
 */
public record EndpointSettings(
    EndpointAddress address,
    Optional<String> key,
    int concurrency,
    Duration timeout,
    int attempts,
    Duration firstPause) {

  /** Variable of the environment that holds the key. */
  public static final String KEY_VARIABLE = "BITATLAS_ENDPOINT_KEY";

  private static final int ATTEMPTS = 6;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(500);

  /** Settings with the key of an environment, six attempts and a first pause of half a second. */
  public static EndpointSettings of(
      EndpointAddress address, int concurrency, Duration timeout, Map<String, String> environment) {
    return new EndpointSettings(
        address,
        Optional.ofNullable(environment.get(KEY_VARIABLE))
            .map(String::strip)
            .filter(k -> !k.isEmpty()),
        concurrency,
        timeout,
        ATTEMPTS,
        FIRST_PAUSE);
  }

  @Override
  public String toString() {
    return address + ", " + concurrency + " at a time" + (key.isPresent() ? ", with a key" : "");
  }
}
