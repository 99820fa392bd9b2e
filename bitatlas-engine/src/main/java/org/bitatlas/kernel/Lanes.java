package org.bitatlas.kernel;

import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The vectors in use: the CPU's preferred shape, at most 512 bits, so that a vector is a slab or an
 * even part of one.
 */
final class Lanes {

  /** Rows of one half of the words of a slab. */
  static final VectorSpecies<Integer> INT = species();

  static final VectorSpecies<Short> SHORT = VectorSpecies.of(short.class, INT.vectorShape());

  static final VectorSpecies<Float> FLOAT = VectorSpecies.of(float.class, INT.vectorShape());

  /** As many short lanes as INT has int lanes. */
  static final VectorSpecies<Short> NARROW =
      VectorSpecies.of(short.class, VectorShape.forBitSize(INT.vectorBitSize() / 2));

  /** As many byte lanes as SHORT has short lanes. */
  static final VectorSpecies<Byte> BYTES =
      VectorSpecies.of(byte.class, VectorShape.forBitSize(INT.vectorBitSize() / 2));

  /** Lanes of INT: 2, 4, 8 or 16. */
  static final int COUNT = INT.length();

  /** Byte order of the layout. */
  static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private Lanes() {}

  private static VectorSpecies<Integer> species() {
    VectorSpecies<Integer> preferred = IntVector.SPECIES_PREFERRED;
    return preferred.vectorBitSize() > IntVector.SPECIES_512.vectorBitSize()
        ? IntVector.SPECIES_512
        : preferred;
  }
}
