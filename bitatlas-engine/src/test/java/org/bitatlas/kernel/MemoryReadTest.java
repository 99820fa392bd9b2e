package org.bitatlas.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class MemoryReadTest {

  @Test
  void readsWholeTiles() {
    try (Arena arena = Arena.ofShared();
        TilePool pool = new TilePool(2)) {
      MemorySegment memory = arena.allocate(3L * MemoryRead.TILE_BYTES + 17, 64);
      MemoryRead read = new MemoryRead(memory);
      long sum = 0;
      for (int i = 0; i < read.bytes() / Long.BYTES; i++) {
        memory.setAtIndex(ValueLayout.JAVA_LONG, i, i * 0x9E3779B97F4A7C15L);
        sum += i * 0x9E3779B97F4A7C15L;
      }
      pool.run(read);

      assertThat(read.tileCount()).isEqualTo(3);
      assertThat(read.bytes()).isEqualTo(3L << 20);
      assertThat(read.total()).isEqualTo(sum);
    }
  }
}
