package org.bitatlas.quant.method;

import java.util.Locale;
import org.bitatlas.tensor.ElementType;

/**
 * What FlatQuant learns for the inputs of linear layers. A file format and its kernels may hold
 * less than the reference learns; what they hold can be learned instead.
 *
 * @param clip clipping of the inputs' ranges
 * @param output transform of o's input
 * @param type what factors that are applied while the model runs, and norms and biases that take up
 *     a transform, are rounded to before the weights get the inverses: what runs in that type is
 *     then exact. F32 leaves them as they are learned.
 */
public record FlatForm(Clip clip, Output output, Type type) {

  /** What the reference learns. */
  public static final FlatForm REFERENCE = new FlatForm(Clip.SEPARATE, Output.HEADS, Type.FLOAT32);

  /** What vLLM-Ascend's W4A4_FLATQUANT_DYNAMIC holds of a model in bf16. */
  public static final FlatForm ASCEND = new FlatForm(Clip.TIED, Output.KRONECKER, Type.BFLOAT16);

  /** Clipping of the range of an input. */
  public enum Clip {
    /** A factor for each end of the range, of every layer. */
    SEPARATE,
    /** One factor for both ends, and for all layers that share the input. */
    TIED;

    /** Its name as the value of the option {@code lac}. */
    public String id() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The transform of o's input, H heads of width d. */
  public enum Output {
    /** P_O [H x H] mixes the heads. */
    HEADS,
    /** Two factors of the whole width H d, as inputs of other layers have them. */
    KRONECKER;

    /** Its name as the value of the option {@code o_trans}. */
    public String id() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A type of floating-point numbers. */
  public enum Type {
    FLOAT32(ElementType.F32),
    BFLOAT16(ElementType.BF16),
    FLOAT16(ElementType.F16);

    private final ElementType element;

    Type(ElementType element) {
      this.element = element;
    }

    /** The type of a tensor. */
    public ElementType element() {
      return element;
    }

    /** Its name as the value of the option {@code trans_dtype}. */
    public String id() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
