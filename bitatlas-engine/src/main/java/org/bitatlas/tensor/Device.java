package org.bitatlas.tensor;

import java.util.Locale;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.global.torch;

/**
 * Where tensors lie and are computed with: the CPU, an NVIDIA GPU through libtorch's CUDA, or an
 * Ascend NPU through the library of torch_npu. Operations refuse operands of different devices, so
 * that nothing moves unasked.
 *
 * @param kind what it is
 * @param index number among those of its kind. There is one CPU, {@link #CPU}, and {@link #parse}
 *     gives no other; another index of it is a device of its own to all operations, though it is
 *     the same hardware, so that a program for GPUs can be tried where there is none
 */
public record Device(Kind kind, int index) {

  /** Kinds of devices. */
  public enum Kind {
    CPU,
    CUDA,
    NPU
  }

  /** The CPU, whose memory Java reads. */
  public static final Device CPU = new Device(Kind.CPU, 0);

  /** Said wherever a GPU or an NPU is named: nobody has run this program on one. */
  public static final String UNTRIED = "not run on hardware";

  private static final int MOST_INDEX = 127;

  private static final Pattern NAME = Pattern.compile("(cuda|npu)(?::(\\d{1,3}))?");

  /**
   * Reads {@code cpu}, {@code cuda} (the first GPU), {@code cuda:N} or {@code npu:N}, in any case.
   * Does not look whether there is such a device, see {@link #requireAvailable}.
   *
   * @throws BitAtlasException for anything else
   */
  public static Device parse(String text) {
    String name = text.strip().toLowerCase(Locale.ROOT);
    if (name.equals("cpu") || name.equals("cpu:0")) {
      return CPU;
    }
    Matcher found = NAME.matcher(name);
    if (found.matches()) {
      int index = found.group(2) == null ? 0 : Integer.parseInt(found.group(2));
      if (index <= MOST_INDEX) {
        return new Device(found.group(1).equals("npu") ? Kind.NPU : Kind.CUDA, index);
      }
    }
    throw new BitAtlasException(
        "There is no device '%s'; give cpu, or cuda:N with the number of a GPU or npu:N with that of an NPU, from 0 to %d."
            .formatted(text, MOST_INDEX));
  }

  /** Whether its memory is the CPU's, which Java reads. */
  public boolean isHost() {
    return equals(CPU);
  }

  /**
   * Refuses a device that is not there.
   *
   * @throws BitAtlasException when the loaded libtorch has no CUDA, or no such GPU; when the
   *     library of torch_npu cannot be loaded
   */
  public void requireAvailable() {
    switch (kind) {
      case CPU -> {}
      case CUDA -> require(NativeRuntime.gpus());
      case NPU -> AscendLibrary.load();
    }
  }

  /** As {@link #requireAvailable} where libtorch has so many GPUs, or no CUDA. */
  void require(OptionalInt gpus) {
    if (gpus.isEmpty()) {
      throw new BitAtlasException(
          "Device %s needs a libtorch with CUDA and a GPU, but the loaded one has no CUDA or sees no GPU; build with the Maven profile cuda, which puts org.bytedeco:pytorch with the classifier linux-x86_64-gpu on the class path (docs/cli.md, Devices), and look whether nvidia-smi lists the GPU, or use --device cpu."
              .formatted(this));
    }
    int count = gpus.getAsInt();
    if (count == 0) {
      throw new BitAtlasException(
          "Device %s needs a GPU, but libtorch sees none; look whether nvidia-smi lists one, or use --device cpu."
              .formatted(this));
    }
    if (index >= count) {
      throw new BitAtlasException(
          "There is no device %s: libtorch sees %s, or cpu."
              .formatted(
                  this,
                  count == 1
                      ? "1 GPU; give cuda:0"
                      : "%d GPUs; give cuda:0 to cuda:%d".formatted(count, count - 1)));
    }
  }

  org.bytedeco.pytorch.Device toNative() {
    return switch (kind) {
      case CPU -> new org.bytedeco.pytorch.Device(torch.DeviceType.CPU);
      case CUDA -> new org.bytedeco.pytorch.Device(torch.DeviceType.CUDA, (byte) index);
      case NPU -> new org.bytedeco.pytorch.Device(torch.DeviceType.PrivateUse1, (byte) index);
    };
  }

  /** As {@link #parse} reads it, for example {@code cuda:0}. */
  @Override
  public String toString() {
    return isHost() ? "cpu" : kind.name().toLowerCase(Locale.ROOT) + ":" + index;
  }
}
