package org.bitatlas.cli;

import org.bitatlas.model.Execution;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.Device;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Where a model runs. */
final class DeviceOption {

  @Option(
      names = "--device",
      paramLabel = "D",
      defaultValue = "cpu",
      converter = Names.class,
      description =
          "cpu, cuda:N for an NVIDIA GPU or npu:N for an Ascend NPU, float or simulated, on an NPU"
              + " also W8A8 per token in integers ("
              + Device.UNTRIED
              + "; default: ${DEFAULT-VALUE}).")
  Device asked = Device.CPU;

  /**
   * The device asked for.
   *
   * @throws BitAtlasException when it is not there or has no kernels for the execution
   */
  Device device(Execution execution) {
    execution.requireOn(asked);
    asked.requireAvailable();
    return asked;
  }

  /** Names as {@link Device#parse} reads them. */
  static final class Names implements ITypeConverter<Device> {
    @Override
    public Device convert(String value) {
      try {
        return Device.parse(value);
      } catch (BitAtlasException refused) {
        throw new TypeConversionException(String.valueOf(refused.getMessage()));
      }
    }
  }
}
