package org.bitatlas.study;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import org.bitatlas.eval.RunOptions;
import org.bitatlas.eval.endpoint.Endpoint;
import org.bitatlas.eval.task.SuiteCatalog;
import org.bitatlas.quant.method.Recipe;

/**
 * A workbench with nothing but an endpoint: no weights, no engine and no native library. The one
 * row of its grid is the endpoint's.
 */
final class EndpointWorkbench implements Workbench {
  private final EndpointSpec spec;
  private final Endpoint endpoint;
  private final SuiteCatalog catalog;
  private final RunOptions options;

  EndpointWorkbench(
      EndpointSpec spec, Endpoint endpoint, SuiteCatalog catalog, RunOptions options) {
    this.spec = spec;
    this.endpoint = endpoint;
    this.catalog = catalog;
    this.options = options;
  }

  /** What is asked of a server for a run in a folder. */
  static Endpoint.Wanted journaled(Endpoint.Wanted wanted, Path out) {
    return new Endpoint.Wanted(
        wanted.model(),
        wanted.tokenizer(),
        wanted.mode(),
        wanted.templateArguments(),
        Optional.of(out));
  }

  @Override
  public Model open(String name) {
    return new Served();
  }

  private final class Served implements Model {
    @Override
    public SequencedMap<String, String> identity() {
      return new LinkedHashMap<>();
    }

    @Override
    public SequencedMap<String, String> calibration(StudyRecipe row) {
      return new LinkedHashMap<>();
    }

    @Override
    public SequencedMap<String, String> allocation(Recipe recipe) {
      return new LinkedHashMap<>();
    }

    @Override
    public Task prepare(StudyTask task) {
      OptionalInt limit = options.limit();
      return EngineTask.of(task, catalog, limit, endpoint.tokenizer().thinking());
    }

    @Override
    public SequencedMap<String, String> endpointIdentity(EndpointSpec row) {
      return EndpointVariant.identity(row, options, endpoint.identity());
    }

    @Override
    public Variant endpoint(EndpointSpec row) {
      return new EndpointVariant(spec, endpoint, options);
    }

    @Override
    public Variant floatVariant() {
      throw new IllegalStateException("an endpoint has no float model here");
    }

    @Override
    public Variant floatAgain() {
      throw new IllegalStateException("an endpoint has no float model here");
    }

    @Override
    public String againHow() {
      return "";
    }

    @Override
    public Variant quantize(StudyRecipe row) {
      throw new IllegalStateException("an endpoint has no weights here");
    }

    @Override
    public void close() {}
  }
}
