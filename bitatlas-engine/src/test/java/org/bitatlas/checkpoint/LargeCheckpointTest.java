package org.bitatlas.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint larger than memory, as sparse files that take no room on disk. */
class LargeCheckpointTest {

  private static final int SHARDS = 4;
  private static final int TENSORS_PER_SHARD = 100;
  private static final long TENSOR_BYTES = 4096L * 12_800 * 2;

  @TempDir Path folder;

  @Test
  void opensShardsAbove2GibByTheirHeadersAlone() throws IOException {
    StringBuilder weightMap = new StringBuilder();
    for (int shard = 0; shard < SHARDS; shard++) {
      String file = "model-" + shard + ".safetensors";
      StringBuilder header = new StringBuilder();
      for (int i = 0; i < TENSORS_PER_SHARD; i++) {
        String name = "t." + shard + "." + i;
        header
            .append(i == 0 ? '{' : ',')
            .append("'" + name + "':{'dtype':'BF16','shape':[4096,12800],'data_offsets':[")
            .append(i * TENSOR_BYTES + "," + (i + 1) * TENSOR_BYTES + "]}");
        weightMap.append(weightMap.isEmpty() ? "" : ",").append("'" + name + "':'" + file + "'");
      }
      writeSparse(folder.resolve(file), header.append('}').toString());
    }
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        ("{'weight_map':{" + weightMap + "}}").replace('\'', '"'));
    long start = System.nanoTime();
    try (Checkpoint checkpoint = SafetensorsCheckpoint.open(folder)) {
      long milliseconds = (System.nanoTime() - start) / 1_000_000;
      assertThat(milliseconds).as("time to open, ms").isLessThan(5000);
      assertThat(checkpoint.names()).hasSize(SHARDS * TENSORS_PER_SHARD);
      StoredTensor last = checkpoint.get("t.3.99");
      assertThat(last.shape()).isEqualTo(List.of(4096L, 12_800L));
      assertThat(last.data().get(ValueLayout.JAVA_BYTE, TENSOR_BYTES - 1)).isEqualTo((byte) 7);
    }
  }

  private static void writeSparse(Path file, String header) throws IOException {
    byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      channel.write(
          ByteBuffer.allocate(8 + json.length)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(json.length)
              .put(json)
              .flip());
      long lastByte = 8 + json.length + TENSORS_PER_SHARD * TENSOR_BYTES - 1;
      channel.write(ByteBuffer.wrap(new byte[] {7}), lastByte);
    }
  }
}
