package org.bitatlas.eval.sandbox;

/**
 * A program and what must hold for it.
 *
 * @param source Python source of the program; untrusted
 * @param checks Python source that sees the program's names and raises where something is wrong; it
 *     runs in another process than the program
 */
public record Program(String source, String checks) {}
