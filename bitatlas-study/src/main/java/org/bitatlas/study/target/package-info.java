/**
 * Hardware as data, and how fast a model would run on it. Entry types: HardwareTarget, Roofline.
 * What is predicted here is never mixed with what a bench measures.
 */
@NullMarked
package org.bitatlas.study.target;

import org.jspecify.annotations.NullMarked;
