package org.bitatlas.eval;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The folder of golden cases, given by the system property {@code bitatlas.oracles}. */
public final class Oracles {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private Oracles() {}

  /** A sub-folder; the test is skipped when there is none. */
  public static Path folder(String name) {
    Path folder = Path.of(System.getProperty("bitatlas.oracles", "../oracles")).resolve(name);
    assumeTrue(Files.isDirectory(folder), () -> "no golden cases in " + folder);
    return folder;
  }

  /**
   * The JSON files of a sub-folder that have {@code key}; the test is skipped when there is none.
   */
  public static List<JsonNode> withKey(String folder, String key) {
    try (Stream<Path> files = Files.walk(folder(folder))) {
      List<JsonNode> found =
          files
              .filter(file -> file.toString().endsWith(".json"))
              .sorted()
              .map(Oracles::json)
              .filter(node -> node.has(key))
              .toList();
      assumeTrue(!found.isEmpty(), () -> "no golden case with " + key + " in " + folder);
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The files of a sub-folder whose name begins and ends so; skipped when there is none. */
  public static List<Path> files(String folder, String start, String end) {
    try (Stream<Path> files = Files.walk(folder(folder))) {
      List<Path> found =
          files
              .filter(file -> file.getFileName().toString().startsWith(start))
              .filter(file -> file.toString().endsWith(end))
              .sorted()
              .toList();
      assumeTrue(!found.isEmpty(), () -> "no golden case " + start + "*" + end + " in " + folder);
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static JsonNode json(Path file) {
    try {
      return JSON.readTree(Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The tensor file beside a JSON file. */
  public static Path tensors(Path json) {
    return Path.of(json.toString().replaceFirst("\\.json$", ".safetensors"));
  }

  /** A tensor of a safetensors file as doubles, in row order. */
  public static double[] tensor(Path file, String name) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      int header = Math.toIntExact(bytes.getLong());
      String text = new String(bytes.array(), 8, header, StandardCharsets.UTF_8);
      JsonNode entry = JSON.readTree(text).get(name);
      int from = 8 + header + entry.get("data_offsets").get(0).intValue();
      int to = 8 + header + entry.get("data_offsets").get(1).intValue();
      ByteBuffer data = bytes.slice(from, to - from).order(ByteOrder.LITTLE_ENDIAN);
      return switch (entry.get("dtype").stringValue()) {
        case "F32" -> values(data, 4, () -> data.getFloat());
        case "F64" -> values(data, 8, () -> data.getDouble());
        case "I32" -> values(data, 4, () -> data.getInt());
        case "U8" -> values(data, 1, () -> data.get() & 0xff);
        case String other -> throw new IllegalArgumentException(other);
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static double[] values(ByteBuffer data, int size, DoubleSupplier next) {
    double[] values = new double[data.remaining() / size];
    for (int i = 0; i < values.length; i++) {
      values[i] = next.getAsDouble();
    }
    return values;
  }

  public static double[] doubles(JsonNode array) {
    return array.valueStream().mapToDouble(JsonNode::doubleValue).toArray();
  }

  public static int[] ints(JsonNode array) {
    return array.valueStream().mapToInt(JsonNode::intValue).toArray();
  }

  /** Writes the data of a task, by configuration and split, as JSON Lines below {@code root}. */
  public static void writeData(JsonNode data, Path root) {
    try {
      for (String configuration : data.propertyNames()) {
        Path into = Files.createDirectories(root.resolve(configuration));
        JsonNode splits = data.get(configuration);
        for (String split : splits.propertyNames()) {
          List<String> lines = splits.get(split).valueStream().map(JsonNode::toString).toList();
          Files.write(into.resolve(split + ".jsonl"), lines);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
