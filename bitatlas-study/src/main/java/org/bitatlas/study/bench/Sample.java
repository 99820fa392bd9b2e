package org.bitatlas.study.bench;

import java.util.OptionalLong;

/**
 * What was measured of a scheme in a round.
 *
 * @param prefill from the request to the first token, of a prompt
 * @param decode from the first token to the last, one at a time
 * @param peakMemory most physical memory of the whole program while the scheme was loaded and run
 */
public record Sample(PhaseTimes prefill, PhaseTimes decode, OptionalLong peakMemory) {}
