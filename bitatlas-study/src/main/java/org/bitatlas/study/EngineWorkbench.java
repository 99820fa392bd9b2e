package org.bitatlas.study;

/** The workbench over BitAtlas's own reader, methods, engine and evaluation. */
final class EngineWorkbench implements Workbench, AutoCloseable {

  EngineWorkbench(StudySpec spec, StudyOptions options) {
    throw new UnsupportedOperationException(spec.name() + options.threads());
  }

  @Override
  public Model open(String name) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
