package org.bitatlas.study;

import java.time.Duration;
import java.util.Optional;
import org.bitatlas.eval.endpoint.EndpointAddress;
import org.bitatlas.eval.endpoint.EndpointSettings;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A row of the map whose model is behind an OpenAI-compatible endpoint.
 *
 * @param label name of the row; part of the key of its records
 * @param platform what the model runs on, in the words of whoever runs it; part of the key
 * @param address where the server listens; not part of the key
 * @param model id of the model there; empty where it serves one only
 * @param of model of the study that it is compared with; empty for the only one
 * @param concurrency requests under way at the same time
 * @param timeout how long one request may take
 */
public record EndpointSpec(
    String label,
    String platform,
    EndpointAddress address,
    Optional<String> model,
    Optional<String> of,
    int concurrency,
    Duration timeout) {

  /** Requests under way where nothing is said. */
  public static final int CONCURRENCY = 8;

  /** Seconds of one request where nothing is said. */
  public static final int TIMEOUT = 600;

  /** Most requests under way. */
  public static final int MOST_CONCURRENCY = 1024;

  /** Checks that label and platform say something. */
  public EndpointSpec {
    if (label.isBlank() || platform.isBlank()) {
      throw new BitAtlasException(
          "An endpoint needs a label and a platform, because nobody can hash the weights behind it; say what is served and on what.");
    }
  }

  /** How the server is asked, with the key of the environment. */
  EndpointSettings settings() {
    return EndpointSettings.of(address, concurrency, timeout, System.getenv());
  }

  /** Whether the row belongs to a model of the study. */
  boolean belongsTo(String name) {
    return of.isEmpty() || of.get().equals(name);
  }
}
