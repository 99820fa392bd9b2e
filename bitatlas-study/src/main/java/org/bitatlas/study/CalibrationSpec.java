package org.bitatlas.study;

/**
 * Calibration of a study, the same for every method.
 *
 * @param source {@code nano} for the embedded texts, or a JSONL file
 * @param samples number of sequences
 * @param length tokens per sequence
 * @param seed seed of the choice of sequences
 */
public record CalibrationSpec(String source, int samples, int length, long seed) {}
