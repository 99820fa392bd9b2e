package org.bitatlas.format;

import java.nio.file.Path;
import java.util.List;

/**
 * What an export wrote.
 *
 * @param folder the finished folder
 * @param tensorBytes bytes of all tensors, as planned and as found in the files
 * @param floatBytes bytes of the same model in its own float type
 * @param weightFiles names of the files that hold the weights
 * @param notes of the plan
 */
public record ExportReport(
    Path folder, long tensorBytes, long floatBytes, List<String> weightFiles, List<String> notes) {}
