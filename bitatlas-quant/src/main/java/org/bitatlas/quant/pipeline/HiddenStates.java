package org.bitatlas.quant.pipeline;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.bitatlas.quant.transform.BatchStore;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Hidden states of all batches in front of one block, fp32: in memory, or in a file that gets its
 * name when it is complete. Batches may be read and written by several threads at once.
 */
abstract sealed class HiddenStates implements AutoCloseable {

  /** The states of a batch [B x T x D], row-major. */
  abstract float[] get(int batch);

  /** Sets the states of a batch. */
  abstract void put(int batch, float[] values);

  /** These states as room for something else of {@code store}; closing it discards them. */
  BatchStore asBatchStore(StateStore store) {
    return new BatchStore() {
      @Override
      public void put(int batch, float[] values) {
        HiddenStates.this.put(batch, values);
      }

      @Override
      public float[] get(int batch) {
        return HiddenStates.this.get(batch);
      }

      @Override
      public void close() {
        store.measure();
        discard();
      }
    };
  }

  /** Declares the states complete. */
  abstract void commit();

  /** Frees memory or deletes the file. */
  abstract void discard();

  /** Closes the file and keeps it; states in memory are freed. */
  @Override
  public abstract void close();

  static HiddenStates inMemory(BatchPlan plan) {
    return new InMemory(plan.count());
  }

  /** New states in a file. */
  static HiddenStates create(BatchPlan plan, Path file) {
    return new OnDisk(plan, file, file.resolveSibling(file.getFileName() + ".partial"));
  }

  /** Complete states of an earlier run. */
  static HiddenStates open(BatchPlan plan, Path file) {
    return new OnDisk(plan, file, file);
  }

  private static final class InMemory extends HiddenStates {
    private final float[][] batches;

    InMemory(int count) {
      batches = new float[count][];
    }

    @Override
    float[] get(int batch) {
      return batches[batch];
    }

    @Override
    void put(int batch, float[] values) {
      batches[batch] = values;
    }

    @Override
    void commit() {}

    @Override
    void discard() {
      for (int batch = 0; batch < batches.length; batch++) {
        batches[batch] = new float[0];
      }
    }

    @Override
    public void close() {
      discard();
    }
  }

  private static final class OnDisk extends HiddenStates {
    private final BatchPlan plan;
    private final Path file;
    private final Path written;
    private final FileChannel channel;

    OnDisk(BatchPlan plan, Path file, Path written) {
      this.plan = plan;
      this.file = file;
      this.written = written;
      try {
        this.channel =
            file.equals(written)
                ? FileChannel.open(file, StandardOpenOption.READ)
                : FileChannel.open(
                    written,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE);
        long expected =
            position(plan.count() - 1) + (long) plan.values(plan.count() - 1) * Float.BYTES;
        if (file.equals(written) && channel.size() != expected) {
          throw new BitAtlasException(
              "The hidden states in %s have %d bytes instead of %d; delete the unfinished folder and start again."
                  .formatted(file, channel.size(), expected));
        }
      } catch (IOException e) {
        throw failed(e);
      }
    }

    private long position(int batch) {
      return (long) batch * plan.values(0) * Float.BYTES;
    }

    private BitAtlasException failed(IOException e) {
      return new BitAtlasException(
          "Hidden states cannot be spilled to %s: %s; is the disk full?".formatted(written, e), e);
    }

    @Override
    float[] get(int batch) {
      float[] values = new float[plan.values(batch)];
      ByteBuffer bytes =
          ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      try {
        long at = position(batch);
        while (bytes.hasRemaining()) {
          int count = channel.read(bytes, at + bytes.position());
          if (count < 0) {
            throw new BitAtlasException("The hidden states in " + file + " are cut short.");
          }
        }
      } catch (IOException e) {
        throw failed(e);
      }
      bytes.flip().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
      return values;
    }

    @Override
    void put(int batch, float[] values) {
      ByteBuffer bytes =
          ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(values);
      try {
        long at = position(batch);
        while (bytes.hasRemaining()) {
          channel.write(bytes, at + bytes.position());
        }
      } catch (IOException e) {
        throw failed(e);
      }
    }

    @Override
    void commit() {
      try {
        channel.force(false);
        Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
      } catch (IOException e) {
        throw failed(e);
      }
    }

    @Override
    void discard() {
      close();
      try {
        Files.deleteIfExists(file);
        Files.deleteIfExists(written);
      } catch (IOException e) {
        throw failed(e);
      }
    }

    @Override
    public void close() {
      try {
        channel.close();
      } catch (IOException e) {
        throw failed(e);
      }
    }
  }
}
