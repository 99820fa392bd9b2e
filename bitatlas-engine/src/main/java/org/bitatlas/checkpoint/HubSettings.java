package org.bitatlas.checkpoint;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Where models come from and where they are kept, as {@code huggingface_hub} reads it from the
 * environment.
 *
 * @param endpoint address of the hub ({@code HF_ENDPOINT})
 * @param cache folder of the cache ({@code HF_HUB_CACHE}, else {@code hub} in {@code HF_HOME})
 * @param token access token ({@code HF_TOKEN}), sent to the endpoint only
 * @param offline use the cache only ({@code HF_HUB_OFFLINE})
 * @param attempts how often a request is tried before it counts as failed
 * @param firstPause wait before the second attempt; doubled before each further one
 * @param stallLimit how long a connection may bring nothing before it counts as lost
 */
public record HubSettings(
    URI endpoint,
    Path cache,
    Optional<String> token,
    boolean offline,
    int attempts,
    Duration firstPause,
    Duration stallLimit) {

  private static final String DEFAULT_ENDPOINT = "https://huggingface.co";
  private static final Set<String> TRUE_VALUES = Set.of("1", "ON", "YES", "TRUE");

  /**
   * The settings of an environment.
   *
   * @param environment variables, for example {@code System.getenv()}
   * @param home the user's home folder
   * @throws BitAtlasException when {@code HF_ENDPOINT} is not an http address
   */
  public static HubSettings ofEnvironment(Map<String, String> environment, Path home) {
    Path cacheHome = variable(environment, "XDG_CACHE_HOME", home).orElse(home.resolve(".cache"));
    Path hubHome = variable(environment, "HF_HOME", home).orElse(cacheHome.resolve("huggingface"));
    return new HubSettings(
        endpoint(environment.getOrDefault("HF_ENDPOINT", "")),
        variable(environment, "HF_HUB_CACHE", home).orElse(hubHome.resolve("hub")),
        Optional.of(environment.getOrDefault("HF_TOKEN", "").strip())
            .filter(token -> !token.isEmpty()),
        TRUE_VALUES.contains(
            environment.getOrDefault("HF_HUB_OFFLINE", "").toUpperCase(Locale.ROOT)),
        5,
        Duration.ofSeconds(1),
        Duration.ofSeconds(60));
  }

  private static Optional<Path> variable(Map<String, String> environment, String key, Path home) {
    String value = environment.getOrDefault(key, "");
    if (value.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(value.startsWith("~/") ? home.resolve(value.substring(2)) : Path.of(value));
  }

  private static URI endpoint(String value) {
    String text = value.isEmpty() ? DEFAULT_ENDPOINT : value.replaceFirst("/+$", "");
    try {
      URI endpoint = new URI(text);
      if (endpoint.getHost() != null && Set.of("http", "https").contains(endpoint.getScheme())) {
        return endpoint;
      }
    } catch (URISyntaxException e) {
      throw new BitAtlasException(notAnAddress(value), e);
    }
    throw new BitAtlasException(notAnAddress(value));
  }

  private static String notAnAddress(String value) {
    return "HF_ENDPOINT is '" + value + "'; expected an address such as " + DEFAULT_ENDPOINT + ".";
  }
}
