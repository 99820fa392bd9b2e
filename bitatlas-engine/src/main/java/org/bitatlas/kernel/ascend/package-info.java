/**
 * The arithmetic of Ascend 910B (A2) operators as pure functions of numbers and arrays, after their
 * published sources; nothing here ever ran on an NPU. What is exact and what is not:
 * docs/ascend-numerics.md. Depends on nothing, loads nothing native.
 */
@NullMarked
package org.bitatlas.kernel.ascend;

import org.jspecify.annotations.NullMarked;
