package org.bitatlas.quant.pipeline;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.bitatlas.quant.transform.BatchStore;
import org.bitatlas.tensor.BitAtlasException;
import org.bitatlas.tensor.ElementType;
import org.bitatlas.tensor.Tensor;
import org.bitatlas.tensor.TensorScope;

/**
 * Hidden states of all batches in front of one block, fp32 as the processor has it: in memory, or
 * in a file that gets its name when it is complete. Batches may be read and written by several
 * threads at once.
 */
abstract sealed class HiddenStates implements AutoCloseable {

  /** The states of a batch [B x T x D], F32, in the caller's scope. */
  abstract Tensor get(int batch);

  /** Sets the states of a batch. */
  abstract void put(int batch, Tensor values);

  /** These states as room for something else of {@code store}; closing it discards them. */
  BatchStore asBatchStore(StateStore store) {
    return new BatchStore() {
      @Override
      public void put(int batch, Tensor values) {
        HiddenStates.this.put(batch, values);
      }

      @Override
      public Tensor get(int batch) {
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
    private final BatchStore batches;

    InMemory(int count) {
      batches = BatchStore.inMemory(count);
    }

    @Override
    Tensor get(int batch) {
      return batches.get(batch);
    }

    @Override
    void put(int batch, Tensor values) {
      batches.put(batch, values);
    }

    @Override
    void commit() {}

    @Override
    void discard() {
      batches.close();
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
    Tensor get(int batch) {
      Tensor states = Tensor.empty(ElementType.F32, plan.rows(batch), plan.length(), plan.width());
      transfer(batch, states, channel::read);
      return states;
    }

    @Override
    void put(int batch, Tensor values) {
      requireCount(batch, values);
      try (TensorScope _ = TensorScope.open()) {
        transfer(batch, values.to(ElementType.F32).contiguous(), channel::write);
      }
    }

    private void requireCount(int batch, Tensor values) {
      if (values.elementCount() != plan.values(batch)) {
        throw new IllegalArgumentException(
            "%d values for the %d of batch %d"
                .formatted(values.elementCount(), plan.values(batch), batch));
      }
    }

    /** Reads or writes at a position of the file; a count below 0 is the end of the file. */
    @FunctionalInterface
    private interface Transfer {
      int at(ByteBuffer bytes, long position) throws IOException;
    }

    /** Moves a batch between the file and native memory: a copy on the heap would be garbage. */
    private void transfer(int batch, Tensor states, Transfer direction) {
      ByteBuffer bytes = states.memory().asByteBuffer();
      try {
        long at = position(batch);
        while (bytes.hasRemaining()) {
          if (direction.at(bytes, at + bytes.position()) < 0) {
            throw new BitAtlasException("The hidden states in " + file + " are cut short.");
          }
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
