package org.bitatlas.study.recommendation;

/**
 * Speed that was measured on a platform.
 *
 * @param platform where, as the record says it
 * @param what load and figure, as the record names them
 * @param tokensPerSecond the figure
 * @param source key of the record, or the file
 */
public record MeasuredSpeed(String platform, String what, double tokensPerSecond, String source) {}
