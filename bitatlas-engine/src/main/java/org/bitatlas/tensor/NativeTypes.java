package org.bitatlas.tensor;

import java.util.Optional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** {@link ElementType} to libtorch's scalar types and back. */
final class NativeTypes {

  private NativeTypes() {}

  static ScalarType of(ElementType type) {
    return find(type)
        .orElseThrow(() ->
            new BitAtlasException(
                "Element type %s cannot be computed with: libtorch has no such type; convert the checkpoint to F32, F16 or BF16."
                    .formatted(type)));
  }

  private static Optional<ScalarType> find(ElementType type) {
    return switch (type) {
      case BOOL -> Optional.of(ScalarType.Bool);
      case U8 -> Optional.of(ScalarType.Byte);
      case I8 -> Optional.of(ScalarType.Char);
      case F8_E5M2 -> Optional.of(ScalarType.Float8_e5m2);
      case F8_E4M3 -> Optional.of(ScalarType.Float8_e4m3fn);
      case F8_E8M0 -> Optional.of(ScalarType.Float8_e8m0fnu);
      case F8_E4M3FNUZ -> Optional.of(ScalarType.Float8_e4m3fnuz);
      case F8_E5M2FNUZ -> Optional.of(ScalarType.Float8_e5m2fnuz);
      case I16 -> Optional.of(ScalarType.Short);
      case U16 -> Optional.of(ScalarType.UInt16);
      case F16 -> Optional.of(ScalarType.Half);
      case BF16 -> Optional.of(ScalarType.BFloat16);
      case I32 -> Optional.of(ScalarType.Int);
      case U32 -> Optional.of(ScalarType.UInt32);
      case F32 -> Optional.of(ScalarType.Float);
      case C64 -> Optional.of(ScalarType.ComplexFloat);
      case F64 -> Optional.of(ScalarType.Double);
      case I64 -> Optional.of(ScalarType.Long);
      case U64 -> Optional.of(ScalarType.UInt64);
      case F4, F6_E2M3, F6_E3M2 -> Optional.empty();
    };
  }

  static ElementType elementType(torch.ScalarType type) {
    for (ElementType candidate : ElementType.values()) {
      Optional<ScalarType> scalarType = find(candidate);
      if (scalarType.isPresent() && scalarType.get().value == type.value) {
        return candidate;
      }
    }
    throw new IllegalStateException("a tensor of an unexpected type: " + type.intern());
  }
}
