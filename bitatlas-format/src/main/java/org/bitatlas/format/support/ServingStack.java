package org.bitatlas.format.support;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A program that serves checkpoints.
 *
 * @param name on the command line, for example {@code vllm-ascend}
 * @param title as its project writes it
 * @param versions those the table was made from
 * @param revision what {@code main} was when the table was made
 * @param devices where it runs a float model
 * @param models model classes it is known to serve, with a remark that may be empty
 * @param commands by checkpoint format (or {@code float}): the command that serves a folder, which
 *     stands as {@code {folder}}
 * @param quantizedTables whether embedding and head may be quantized
 * @param schemes what it loads
 */
public record ServingStack(
    String name,
    String title,
    VersionRange versions,
    String revision,
    List<DeviceFamily> devices,
    SequencedMap<String, String> models,
    SequencedMap<String, String> commands,
    boolean quantizedTables,
    List<SupportedScheme> schemes) {

  /** Copies the lists. */
  public ServingStack {
    devices = List.copyOf(devices);
    schemes = List.copyOf(schemes);
  }

  /**
   * The version that a user names.
   *
   * @throws BitAtlasException when it is not a version, or the table knows nothing about it
   */
  public StackVersion version(String text) {
    StackVersion version = StackVersion.of(text);
    if (!versions.contains(version)) {
      throw new BitAtlasException(
          "The capability table knows %s %s, not %s; name one of these versions."
              .formatted(title, versions.words(), version));
    }
    return version;
  }

  /**
   * The scheme of a name for some layers, for example {@code W8A8_DYNAMIC}; the first one that a
   * version has on a device, or the first one at all.
   */
  public Optional<SupportedScheme> scheme(
      String schemeName, SupportedScheme.Layers layers, StackVersion version, DeviceFamily device) {
    return schemes.stream()
        .filter(scheme -> scheme.name().equals(schemeName) && scheme.layers() == layers)
        .min(
            Comparator.comparing(scheme ->
                !(scheme.versions().contains(version) && scheme.devices().contains(device))));
  }

  /** What each scheme says to a layer, those with the fewest objections first. */
  public List<Judgement> judge(LayerScheme layer, StackVersion version, DeviceFamily device) {
    return schemes.stream()
        .map(scheme -> new Judgement(scheme, scheme.objections(layer, version, device)))
        .sorted(Comparator.comparing(judgement -> judgement.objections().size()))
        .toList();
  }
}
