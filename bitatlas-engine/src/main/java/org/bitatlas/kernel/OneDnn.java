package org.bitatlas.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.NativeRuntime;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/**
 * The library oneDNN: its one CPU engine of this process, and the few of its calls that more than
 * one class needs. Loaded on first use.
 */
public final class OneDnn {

  /** Instruction sets whose 8-bit products oneDNN adds in 32 bits without saturating in between. */
  private static final Set<Integer> EXACT_INTEGER_SETS =
      Set.of(
          dnnl.dnnl_cpu_isa_avx2_vnni,
          dnnl.dnnl_cpu_isa_avx2_vnni_2,
          dnnl.dnnl_cpu_isa_avx512_core_vnni,
          dnnl.dnnl_cpu_isa_avx512_core_bf16,
          dnnl.dnnl_cpu_isa_avx512_core_fp16,
          dnnl.dnnl_cpu_isa_avx512_core_amx,
          dnnl.dnnl_cpu_isa_avx512_core_amx_fp16,
          dnnl.dnnl_cpu_isa_avx10_2_512,
          dnnl.dnnl_cpu_isa_avx10_2_512_amx_2);

  private OneDnn() {}

  /** An address that oneDNN is told; owns nothing. */
  static final class Address extends Pointer {

    Address() {
      super((Pointer) null);
    }

    Address at(long place) {
      address = place;
      return this;
    }
  }

  private static final class Loaded {
    static final String LIBRARY = Loader.load(dnnl.class);
    static final dnnl_engine ENGINE = engine();

    private static dnnl_engine engine() {
      dnnl_engine engine = new dnnl_engine();
      require(dnnl.dnnl_engine_create(engine, dnnl.dnnl_cpu, 0), "engine");
      return engine;
    }
  }

  /**
   * The engine of this process. oneDNN allows every thread to use it.
   *
   * @throws BitAtlasException when the library cannot be loaded on this machine
   */
  static dnnl_engine engine() {
    load();
    return Loaded.ENGINE;
  }

  /** File of the binding, which is linked with oneDNN and through it with OpenMP. */
  static String libraryFile() {
    load();
    return Loaded.LIBRARY;
  }

  /**
   * Loads the library if it is not loaded yet.
   *
   * @throws BitAtlasException when it cannot be loaded on this machine
   */
  public static void load() {
    NativeRuntime.load();
    try {
      if (Loaded.ENGINE.isNull()) {
        throw new IllegalStateException("oneDNN has no CPU engine");
      }
    } catch (LinkageError error) {
      throw new BitAtlasException(
          "oneDNN cannot be loaded on %s %s (%s); run on Linux x86-64 with org.bytedeco:dnnl and org.bytedeco:opencl on the class path."
              .formatted(
                  System.getProperty("os.name"), System.getProperty("os.arch"), error.getMessage()),
          error);
    }
  }

  /**
   * Version of the library, for example 3.11.0.
   *
   * @throws BitAtlasException when it cannot be loaded on this machine
   */
  public static String version() {
    load();
    dnnl_version_t version = dnnl.dnnl_version();
    return version.major() + "." + version.minor() + "." + version.patch();
  }

  /**
   * Whether products of 8-bit integers are exact on this CPU: without VNNI instructions the library
   * adds pairs of products in 16 bits, which saturates.
   *
   * @throws BitAtlasException when the library cannot be loaded on this machine
   */
  public static boolean exactIntegers() {
    load();
    return EXACT_INTEGER_SETS.contains(dnnl.dnnl_get_effective_cpu_isa());
  }

  /**
   * Whether oneDNN has kernels for products of bf16 on this CPU.
   *
   * @throws BitAtlasException when the library cannot be loaded on this machine
   */
  public static boolean multipliesBf16() {
    load();
    int set = dnnl.dnnl_get_effective_cpu_isa();
    return set == dnnl.dnnl_cpu_isa_avx2_vnni_2
        || (set & dnnl.dnnl_cpu_isa_avx512_core) == dnnl.dnnl_cpu_isa_avx512_core;
  }

  /**
   * Products that oneDNN computes fast.
   *
   * @param type of their operands
   * @param products makes them
   * @return empty where oneDNN is absent, or has only slow kernels for them on this CPU
   */
  static <T> Optional<T> ifFast(ElementType type, Supplier<T> products) {
    try {
      return type == ElementType.BF16 && !multipliesBf16()
          ? Optional.empty()
          : Optional.of(products.get());
    } catch (BitAtlasException absentOrSlow) {
      return Optional.empty();
    }
  }

  /** Checks what a call returned. {@code what} names the thing it was to make or do. */
  static void require(int status, String what) {
    if (status != dnnl.dnnl_success) {
      throw new IllegalStateException("oneDNN refused: " + what + ", status " + status);
    }
  }

  /** oneDNN's name of an element type. */
  static int typeOf(ElementType type) {
    return switch (type) {
      case I8 -> dnnl.dnnl_s8;
      case U8 -> dnnl.dnnl_u8;
      case I32 -> dnnl.dnnl_s32;
      case BF16 -> dnnl.dnnl_bf16;
      case F16 -> dnnl.dnnl_f16;
      case F32 -> dnnl.dnnl_f32;
      default -> throw new IllegalArgumentException("oneDNN has no products of " + type);
    };
  }

  /** A dense layout with these strides, in elements. To be destroyed by the caller. */
  static dnnl_memory_desc strided(ElementType type, long[] sizes, long[] strides) {
    dnnl_memory_desc layout = new dnnl_memory_desc();
    require(
        dnnl.dnnl_memory_desc_create_with_strides(
            layout, sizes.length, sizes, typeOf(type), strides),
        "layout");
    return layout;
  }

  /** A layout that oneDNN may choose. To be destroyed by the caller. */
  static dnnl_memory_desc free(ElementType type, long... sizes) {
    dnnl_memory_desc layout = new dnnl_memory_desc();
    require(
        dnnl.dnnl_memory_desc_create_with_tag(
            layout, sizes.length, sizes, typeOf(type), dnnl.dnnl_format_tag_any),
        "layout");
    return layout;
  }

  /** A handle for memory of this layout, to be told its place later; destroyed by the caller. */
  static dnnl_memory memory(dnnl_memory_desc layout) {
    dnnl_memory memory = new dnnl_memory();
    require(dnnl.dnnl_memory_create(memory, layout, engine(), new Address()), "memory");
    return memory;
  }

  /** Name of the implementation that oneDNN chose. */
  static String implementation(dnnl_primitive_desc description) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(ValueLayout.ADDRESS);
      require(
          dnnl.dnnl_primitive_desc_query(
              description, dnnl.dnnl_query_impl_info_str, 0, new Address().at(text.address())),
          "name of an implementation");
      return text.get(ValueLayout.ADDRESS, 0).reinterpret(Long.MAX_VALUE).getString(0);
    }
  }
}
