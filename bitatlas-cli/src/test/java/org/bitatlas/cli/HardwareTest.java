package org.bitatlas.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HardwareTest {

  @TempDir private Path root;

  @Test
  void readsProcessorMemoryAndLimits() throws IOException {
    write("proc/cpuinfo", "processor\t: 0\nmodel name\t: Some CPU @ 2.5GHz\nflags\t\t: fpu avx2\n");
    write("proc/meminfo", "MemTotal:       24576 kB\nMemFree: 1 kB\nMemAvailable:   1024 kB\n");
    write("sys/fs/cgroup/memory.max", "1073741824\n");
    write("sys/fs/cgroup/cpu.max", "150000 100000\n");

    Hardware hardware = Hardware.look(root);

    assertThat(hardware.processor()).contains("Some CPU @ 2.5GHz");
    assertThat(hardware.memoryBytes()).hasValue(24L << 20);
    assertThat(hardware.availableBytes()).hasValue(1L << 20);
    assertThat(hardware.memoryLimitBytes()).hasValue(1L << 30);
    assertThat(hardware.processorLimit()).hasValue(1.5);
  }

  @Test
  void readsLimitsOfTheFirstVersionOfControlGroups() throws IOException {
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "2147483648\n");
    write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
    write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");

    Hardware hardware = Hardware.look(root);

    assertThat(hardware.memoryLimitBytes()).hasValue(2L << 30);
    assertThat(hardware.processorLimit()).hasValue(0.5);
  }

  @Test
  void noLimitIsNoLimit() throws IOException {
    write("sys/fs/cgroup/memory.max", "max\n");
    write("sys/fs/cgroup/cpu.max", "max 100000\n");

    Hardware hardware = Hardware.look(root);

    assertThat(hardware.memoryLimitBytes()).isEmpty();
    assertThat(hardware.processorLimit()).isEmpty();
    assertThat(hardware.memoryBytes()).isEmpty();
  }

  @Test
  void namesTheFeaturesThatDecideAboutKernels() {
    assertThat(Hardware.features(Set.of("avx2", "avx512f", "avx512_vnni", "amx_int8")))
        .isEqualTo("AVX2 yes, AVX-512 yes, VNNI yes, AVX-512 BF16 no, AMX int8 yes, AMX bf16 no");
  }

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }
}
