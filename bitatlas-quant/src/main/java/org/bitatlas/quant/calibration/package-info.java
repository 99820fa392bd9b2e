/**
 * The calibration protocol: which texts, how many, how long, in which order. Entry type:
 * CalibrationSet.
 */
@NullMarked
package org.bitatlas.quant.calibration;

import org.jspecify.annotations.NullMarked;
