package org.bitatlas.format.check;

/**
 * One thing that is wrong with a folder.
 *
 * @param severity what it means
 * @param rule the kind of fault, a stable name such as {@code missing-tensor}
 * @param where a tensor, a file, or a field of a file
 * @param problem what was found and what is expected, a sentence without its full stop
 * @param remedy what to do, likewise
 */
public record Finding(
    Severity severity, String rule, String where, String problem, String remedy) {}
