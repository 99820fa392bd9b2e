package org.bitatlas.format.check;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.bitatlas.format.FormatName;
import org.bitatlas.format.support.Judgement;
import org.bitatlas.format.support.LayerScheme;

/** Whether a stack has a kernel for a scheme that it reads from a format. */
final class SchemeSupport {

  private SchemeSupport() {}

  /** What keeps a layer from running; empty when a scheme of the stack takes it. */
  static Optional<String> objection(LayerScheme layer, FormatName format, LoaderTarget target) {
    List<Judgement> judgements =
        target.stack().judge(layer, target.version(), target.device()).stream()
            .filter(judgement -> judgement.scheme().formats().contains(format))
            .toList();
    return judgements.stream()
        .min(Comparator.comparingInt(judgement -> judgement.objections().size()))
        .filter(judgement -> !judgement.loads())
        .map(judgement ->
            "%s has no scheme for %s; the nearest, %s, takes %s"
                .formatted(
                    target.words(),
                    layer.words(),
                    judgement.scheme().name(),
                    String.join(" and ", judgement.objections())));
  }
}
