package org.bitatlas.eval.statistics;

/** A confidence interval, both ends included. */
public record Interval(double low, double high) {}
