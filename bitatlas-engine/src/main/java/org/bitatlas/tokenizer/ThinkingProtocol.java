package org.bitatlas.tokenizer;

import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeSet;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Thinking as data of the model.
 *
 * @param userSuffixes supported modes, each with the text appended to the user message to ask for
 *     it; empty for a model that does not think
 * @param openId token id that opens the thinking span, absent for a model without thinking
 * @param closeId token id that closes it
 * @param templateOpensSpan whether the generation prompt already contains the opening token
 * @param alwaysSpans whether every reply of an intact model has a span (an empty one where it does
 *     not think), so that a reply that never closes one has no answer
 */
public record ThinkingProtocol(
    Map<ThinkingMode, String> userSuffixes,
    OptionalInt openId,
    OptionalInt closeId,
    boolean templateOpensSpan,
    boolean alwaysSpans) {

  /** A protocol whose replies have a span where the template opens it. */
  public ThinkingProtocol(
      Map<ThinkingMode, String> userSuffixes,
      OptionalInt openId,
      OptionalInt closeId,
      boolean templateOpensSpan) {
    this(userSuffixes, openId, closeId, templateOpensSpan, templateOpensSpan);
  }

  /** The protocol of a model that does not think. */
  public static ThinkingProtocol none() {
    return new ThinkingProtocol(Map.of(), OptionalInt.empty(), OptionalInt.empty(), false);
  }

  /**
   * What is appended to the user message to ask for a mode.
   *
   * @throws BitAtlasException when the model does not support it, naming the supported ones
   */
  public String suffix(ThinkingMode mode) {
    String suffix = userSuffixes.get(mode);
    if (suffix == null) {
      String supported =
          userSuffixes.isEmpty()
              ? "it does not think: leave the mode out"
              : "supported: "
                  + String.join(
                      ", ", new TreeSet<>(userSuffixes.keySet()).stream().map(Enum::name).toList());
      throw new BitAtlasException(
          "This model does not support the thinking mode " + mode + " (" + supported + ").");
    }
    return suffix;
  }

  /** Copies the map. */
  public ThinkingProtocol {
    userSuffixes = Map.copyOf(userSuffixes);
  }
}
