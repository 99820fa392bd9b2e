package org.bitatlas.study;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a run of a study chooses besides its specification.
 *
 * @param out folder of the record store and the report; created when absent
 * @param suite folder of suites that replaces the one of the specification
 * @param model model that replaces those of the specification
 * @param threads worker threads, at least 1
 * @param limit items per task, replaces the limit of the specification
 */
public record StudyOptions(
    Path out, Optional<Path> suite, Optional<String> model, int threads, OptionalInt limit) {}
