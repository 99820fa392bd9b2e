package org.bitatlas.study.target;

import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bitatlas.format.support.DeviceFamily;

/**
 * A machine that a model may be served on.
 *
 * @param name on the command line, for example {@code ascend-910b}
 * @param title in words: what exactly the numbers are of
 * @param family what serving stacks tell it by
 * @param platforms how records name it: words that stand in the platform or processor of a record
 * @param memory bytes
 * @param bandwidth bytes per second of reading memory
 * @param peaks operations per second; a type that is not in it is unknown
 * @param numerics profile of its arithmetic
 * @param stacks serving stacks with the versions that are asked, preferred ones first
 * @param remarks what a prediction leaves out
 */
public record HardwareTarget(
    String name,
    String title,
    DeviceFamily family,
    List<String> platforms,
    Quantity memory,
    Quantity bandwidth,
    Map<Arithmetic, Quantity> peaks,
    String numerics,
    List<Stack> stacks,
    List<String> remarks) {

  /**
   * A serving stack.
   *
   * @param name in the capability table
   * @param version that is asked
   */
  public record Stack(String name, String version) {}

  /** Copies the lists. */
  public HardwareTarget {
    platforms = List.copyOf(platforms);
    peaks = peaks.isEmpty() ? new EnumMap<>(Arithmetic.class) : new EnumMap<>(peaks);
    stacks = List.copyOf(stacks);
    remarks = List.copyOf(remarks);
  }

  /** The peak of a kind of arithmetic, where it is known. */
  public Optional<Quantity> peak(Arithmetic arithmetic) {
    return Optional.ofNullable(peaks.get(arithmetic));
  }

  /** Whether a record's platform or processor is this machine. */
  public boolean isPlatform(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    return platforms.stream().anyMatch(word -> lower.contains(word.toLowerCase(Locale.ROOT)));
  }
}
