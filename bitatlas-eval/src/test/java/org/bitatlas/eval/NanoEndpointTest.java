package org.bitatlas.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import org.bitatlas.eval.endpoint.Endpoint;
import org.bitatlas.eval.endpoint.LocalEndpoint;
import org.bitatlas.generate.Sampling;
import org.bitatlas.tokenizer.ThinkingMode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The embedded model asked here, and through a server on this machine. */
class NanoEndpointTest {

  @Test
  @Tag("slow")
  void tasksThroughAServerComeOutAsTheyDoHere(@TempDir Path cache) throws Exception {
    try (NanoModel nano = NanoModel.open(cache);
        LocalEndpoint server = new LocalEndpoint(nano.language, nano.tokenizer);
        Endpoint endpoint =
            Endpoint.connect(
                server.settings(),
                new Endpoint.Wanted(
                    Optional.empty(),
                    Optional.of(nano.tokenizer),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty()))) {
      assertSame(nano, endpoint, "gsm_nano", Optional.of(ThinkingMode.SLOW_THINK), 20);
      assertSame(nano, endpoint, "chain_nano", Optional.of(ThinkingMode.SLOW_THINK), 10);
      assertSame(nano, endpoint, "bool_nano", Optional.of(ThinkingMode.NO_THINK), 20);
      assertSame(nano, endpoint, "facts_nano_choices", Optional.of(ThinkingMode.NO_THINK), 20);
      assertSame(nano, endpoint, "wikitext_nano", Optional.empty(), 4);
    }
  }

  private static void assertSame(
      NanoModel nano, Endpoint endpoint, String task, Optional<ThinkingMode> mode, int limit) {
    TaskResult here = nano.run(task, mode, OptionalInt.of(limit));
    TaskResult there =
        TaskRunner.run(
            nano.catalog.entry(task).task(),
            mode,
            nano.suite(task),
            endpoint.language(),
            endpoint.tokenizer(),
            new Sampling.Greedy(),
            new RunOptions(OptionalInt.of(limit), 128, Optional.empty()),
            progress -> {});

    assertThat(there.state()).isEqualTo(here.state());
    assertThat(there.primary()).isCloseTo(here.primary(), within(1e-5 * here.primary()));
    assertThat(there.samples()).hasSameSizeAs(here.samples());
    for (int i = 0; i < here.samples().size(); i++) {
      SampleRecord expected = here.samples().get(i);
      SampleRecord actual = there.samples().get(i);
      assertThat(actual.promptDigest()).isEqualTo(expected.promptDigest());
      assertThat(actual.output()).isEqualTo(expected.output());
      assertThat(actual.outcome()).isEqualTo(expected.outcome());
      expected
          .measures()
          .forEach((name, value) ->
              assertThat(actual.measure(name))
                  .as(task + " " + name)
                  .isCloseTo(value, within(1e-4)));
    }
  }
}
