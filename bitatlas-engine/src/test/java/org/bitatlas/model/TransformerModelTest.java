package org.bitatlas.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bitatlas.model.GoldenModels.assertClose;
import static org.bitatlas.model.GoldenModels.doubles;
import static org.bitatlas.model.GoldenModels.ids;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.bitatlas.checkpoint.Checkpoint;
import org.bitatlas.checkpoint.SafetensorsCheckpoint;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The forward pass against Hugging Face's, on every golden model folder. */
class TransformerModelTest {

  static List<Path> folders() throws IOException {
    return GoldenModels.folders();
  }

  private interface Check {
    void run(TransformerModel model, Checkpoint golden);
  }

  private static void with(Path folder, Check check) {
    try (ModelFolder opened = ModelFolder.open(folder);
        TransformerModel model = opened.load(Precision.FP32);
        Checkpoint golden = SafetensorsCheckpoint.open(folder.resolve("expected.safetensors"));
        TensorScope _ = TensorScope.open()) {
      check.run(model, golden);
    }
  }

  private static List<String> cases(Checkpoint golden, String prefix) {
    return golden.names().stream()
        .filter(name -> name.startsWith(prefix))
        .map(name -> name.substring(prefix.length()))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("folders")
  void logitsOfWholeSequences(Path folder) {
    with(
        folder,
        (model, golden) -> {
          List<String> cases = cases(golden, "logits.");
          assertThat(cases).isNotEmpty();
          for (String name : cases) {
            double[] actual = model.logits(new int[][] {ids(golden, "ids." + name)}).toDoubles();
            assertClose("logits." + name, actual, doubles(golden, "logits." + name));
          }
        });
  }

  @ParameterizedTest
  @MethodSource("folders")
  void hiddenStates(Path folder) {
    with(
        folder,
        (model, golden) -> {
          for (String name : cases(golden, "hidden.")) {
            int layers = model.architecture().layers();
            int dot = name.indexOf('.');
            int layer = Integer.parseInt(name.substring(dot + 1));
            if (layer == layers) {
              continue; // after the final norm: covered by the logits
            }
            Tensor hidden = model.embed(new int[][] {ids(golden, "ids." + name.substring(0, dot))});
            for (int block = 0; block < layer; block++) {
              hidden = model.block(block, hidden, LinearInputObserver.NONE);
            }
            assertClose("hidden." + name, hidden.toDoubles(), doubles(golden, "hidden." + name));
          }
        });
  }

  @ParameterizedTest
  @MethodSource("folders")
  void cachedDecoding(Path folder) {
    with(
        folder,
        (model, golden) -> {
          for (String name : cases(golden, "logits_cached.")) {
            int[] ids = ids(golden, "ids." + name);
            double[] expected = doubles(golden, "logits_cached." + name);
            int vocabulary = model.architecture().vocabularySize();
            int prompt = (ids.length + 1) / 2;
            try (DecodingBatch batch = model.newBatch()) {
              Tensor logits = batch.prefill(new int[][] {Arrays.copyOf(ids, prompt)});
              for (int t = prompt; t <= ids.length; t++) {
                assertClose(
                    "position " + (t - 1),
                    logits.toDoubles(),
                    Arrays.copyOfRange(expected, (t - 1) * vocabulary, t * vocabulary));
                if (t < ids.length) {
                  logits = batch.step(new int[] {ids[t]});
                }
              }
            }
          }
        });
  }

  @ParameterizedTest
  @MethodSource("folders")
  void cachedDecodingEqualsRecomputation(Path folder) {
    with(
        folder,
        (model, golden) -> {
          for (String name : cases(golden, "ids.")) {
            int[] ids = ids(golden, "ids." + name);
            double[] whole = model.logits(new int[][] {ids}).toDoubles();
            int vocabulary = model.architecture().vocabularySize();
            try (DecodingBatch batch = model.newBatch()) {
              Tensor logits = batch.prefill(new int[][] {{ids[0]}});
              for (int t = 1; t <= ids.length; t++) {
                assertClose(
                    "position " + (t - 1),
                    logits.toDoubles(),
                    Arrays.copyOfRange(whole, (t - 1) * vocabulary, t * vocabulary));
                if (t < ids.length) {
                  logits = batch.step(new int[] {ids[t]});
                }
              }
            }
          }
        });
  }

  @ParameterizedTest
  @MethodSource("folders")
  void paddedRowsEqualSingleRows(Path folder) {
    with(
        folder,
        (model, golden) -> {
          List<String> cases = cases(golden, "ids.");
          int[][] prompts =
              cases.stream().map(name -> ids(golden, "ids." + name)).toArray(int[][]::new);
          int[] next = {3, 5, 7, 11};
          try (DecodingBatch batch = model.newBatch()) {
            List<float[]> together = new java.util.ArrayList<>();
            together.add(batch.prefill(prompts).toFloats());
            for (int token : next) {
              int[] tokens = new int[prompts.length];
              Arrays.fill(tokens, token);
              together.add(batch.step(tokens).toFloats());
            }
            int vocabulary = model.architecture().vocabularySize();
            for (int row = 0; row < prompts.length; row++) {
              try (DecodingBatch single = model.newBatch()) {
                double[] alone = single.prefill(new int[][] {prompts[row]}).toDoubles();
                for (int step = 0; step <= next.length; step++) {
                  double[] inBatch = new double[vocabulary];
                  for (int v = 0; v < vocabulary; v++) {
                    inBatch[v] = together.get(step)[row * vocabulary + v];
                  }
                  assertClose("row " + row + " step " + step, inBatch, alone);
                  if (step < next.length) {
                    alone = single.step(new int[] {next[step]}).toDoubles();
                  }
                }
              }
            }
          }
        });
  }
}
