package org.bitatlas.quant.method;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Bits and group size of the linear layers whose names have a part in common.
 *
 * @param part part of a module name, for example {@code down_proj} or {@code layers.0.}
 * @param bits 1 to 8
 * @param groupSize columns that share a scale, 0 for one scale per output channel; -1 for the
 *     recipe's
 */
public record LayerScheme(String part, int bits, int groupSize) {

  /** The group size of the recipe. */
  public static final int SAME_GROUPS = -1;

  private static final Pattern FORM = Pattern.compile("([^=\\s]+)=(\\d{1,2})(?:g(\\d{1,6}))?");

  /**
   * Reads {@code down_proj=8} or {@code layers.0.=4g64}: a part of a name, bits, and after a {@code
   * g} the group size.
   *
   * @throws BitAtlasException when the text has another form
   */
  public static LayerScheme parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new BitAtlasException(
          "A recipe has the layer scheme '%s'; give a part of a layer's name, bits and perhaps a group, such as down_proj=8 or layers.0.=4g64."
              .formatted(text));
    }
    String group = matcher.group(3);
    return new LayerScheme(
        matcher.group(1),
        Integer.parseInt(matcher.group(2)),
        group == null ? SAME_GROUPS : Integer.parseInt(group));
  }

  /** All of a list. */
  static List<LayerScheme> parse(List<String> texts) {
    List<LayerScheme> schemes = new ArrayList<>();
    texts.forEach(text -> schemes.add(parse(text)));
    return List.copyOf(schemes);
  }

  /** What {@link #parse(String)} reads. */
  public String id() {
    return part + "=" + bits + (groupSize == SAME_GROUPS ? "" : "g" + groupSize);
  }

  /** The scheme of a layer this one names. */
  WeightScheme on(WeightScheme weights) {
    return new WeightScheme(
        bits,
        groupSize == SAME_GROUPS ? weights.groupSize() : groupSize,
        weights.grid(),
        weights.meanSquaredErrorClip(),
        weights.secondScales());
  }
}
