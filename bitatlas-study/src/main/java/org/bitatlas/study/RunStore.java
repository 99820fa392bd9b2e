package org.bitatlas.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.quant.pipeline.LayerError;
import org.bitatlas.quant.pipeline.LayerReport;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The records of a study's folder, in an embedded SQLite database. A cell is stored with its
 * samples in one transaction that is on the disk when the call returns (write-ahead log,
 * synchronous FULL): a process that dies loses no finished cell. Other processes may read while one
 * writes. Not thread-safe.
 */
public final class RunStore implements AutoCloseable {
  /** Name of the database in the study's folder. */
  public static final String FILE = "records.db";

  private final Path file;
  private final Connection connection;

  private RunStore(Path file, Connection connection) {
    this.file = file;
    this.connection = connection;
  }

  /**
   * Opens the store of a study's folder; creates both when absent.
   *
   * @throws BitAtlasException when the folder cannot be written, the file is damaged or comes from
   *     a newer BitAtlas
   */
  public static RunStore open(Path folder) {
    Path file = folder.resolve(FILE);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new BitAtlasException(
          "The folder " + folder + " cannot be created: " + e + "; choose another --out.", e);
    }
    return new RunStore(file, StoreFile.open(file));
  }

  /** The record with a key. */
  public Optional<RunRecord> record(String key) {
    return queryOne("SELECT json FROM records WHERE key = ?", key)
        .map(bytes -> RecordJson.read(bytes, RunRecord.class, file));
  }

  /**
   * The record whose key begins with some digits.
   *
   * @throws BitAtlasException when there is none, or more than one
   */
  public RunRecord recordOf(String beginning) {
    List<RunRecord> found =
        records().stream().filter(record -> record.key().startsWith(beginning)).toList();
    if (found.size() != 1) {
      throw new BitAtlasException(
          "There %s in %s whose key begins with '%s'; give the digits of one as map.md or the page show them."
              .formatted(
                  found.isEmpty() ? "is no record" : "are " + found.size() + " records",
                  file,
                  beginning));
    }
    return found.getFirst();
  }

  /** All records, in key order. */
  public List<RunRecord> records() {
    return query("SELECT json FROM records ORDER BY key", Optional.empty()).stream()
        .map(bytes -> RecordJson.read(bytes, RunRecord.class, file))
        .toList();
  }

  /** The samples of a record, in suite order; empty when it has none. */
  public List<SampleRecord> samples(String key) {
    return queryOne("SELECT json_gzip FROM samples WHERE key = ?", key)
        .map(bytes -> List.of(RecordJson.read(Gzip.unpack(bytes), SampleRecord[].class, file)))
        .orElse(List.of());
  }

  /**
   * The layer reports of a quantized model, in model order; empty when it has none, or when it was
   * quantized before the store kept more than {@link #layerErrors}.
   */
  public List<LayerReport> layerReports(String quantizationKey) {
    return queryOne("SELECT json_gzip FROM layer_reports WHERE key = ?", quantizationKey)
        .map(bytes -> List.of(RecordJson.read(Gzip.unpack(bytes), LayerReport[].class, file)))
        .orElse(List.of());
  }

  /** The layer errors of a quantized model, in model order; empty when it has none. */
  public List<LayerError> layerErrors(String quantizationKey) {
    List<LayerReport> reports = layerReports(quantizationKey);
    if (!reports.isEmpty()) {
      return reports.stream().map(LayerReport::error).toList();
    }
    return queryOne("SELECT json FROM layer_errors WHERE key = ?", quantizationKey)
        .map(bytes -> List.of(RecordJson.read(bytes, LayerError[].class, file)))
        .orElse(List.of());
  }

  /** The cells of the study that ran last in this folder, in map order. */
  public List<PlannedCell> plan() {
    return query("SELECT json FROM plan ORDER BY position", Optional.empty()).stream()
        .map(bytes -> RecordJson.read(bytes, PlannedCell.class, file))
        .toList();
  }

  /** Stores a cell with its samples, in one transaction. Replaces a record of the same key. */
  public void put(RunRecord record, List<SampleRecord> samples) {
    inTransaction(() -> {
      insert("records", record.key(), RecordJson.text(record));
      insert(
          "samples",
          record.key(),
          Gzip.pack(RecordJson.bytes(samples.toArray(SampleRecord[]::new))));
      if (record.isFinal()) {
        forgetJournal(record.key());
      }
    });
  }

  /** What a cell's model answered to a call before the cell was killed. */
  Optional<byte[]> journaled(String key, int call) {
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT answer_gzip FROM journal WHERE key = ? AND call = ?")) {
      statement.setString(1, key);
      statement.setInt(2, call);
      Optional<byte[]> answer;
      try (ResultSet rows = statement.executeQuery()) {
        answer = rows.next() ? Optional.of(Gzip.unpack(rows.getBytes(1))) : Optional.empty();
      }
      connection.commit();
      return answer;
    } catch (SQLException e) {
      throw StoreFile.unreadable(file, e);
    }
  }

  /** Seconds that the journaled calls of a cell took. */
  double journalSeconds(String key) {
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT TOTAL(seconds) FROM journal WHERE key = ?")) {
      statement.setString(1, key);
      double seconds;
      try (ResultSet rows = statement.executeQuery()) {
        seconds = rows.next() ? rows.getDouble(1) : 0;
      }
      connection.commit();
      return seconds;
    } catch (SQLException e) {
      throw StoreFile.unreadable(file, e);
    }
  }

  /** Keeps the answer to a call of a cell that is not finished. */
  void putJournal(String key, int call, double seconds, byte[] answer) {
    inTransaction(() -> {
      try (PreparedStatement statement =
          connection.prepareStatement("INSERT OR REPLACE INTO journal VALUES (?, ?, ?, ?)")) {
        statement.setString(1, key);
        statement.setInt(2, call);
        statement.setDouble(3, seconds);
        statement.setBytes(4, Gzip.pack(answer));
        statement.executeUpdate();
      }
    });
  }

  private void forgetJournal(String key) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("DELETE FROM journal WHERE key = ?")) {
      statement.setString(1, key);
      statement.executeUpdate();
    }
  }

  /** Stores the layer reports of a quantized model. */
  public void putLayerReports(String quantizationKey, List<LayerReport> reports) {
    inTransaction(() ->
        insert(
            "layer_reports",
            quantizationKey,
            Gzip.pack(RecordJson.bytes(reports.toArray(LayerReport[]::new)))));
  }

  /** Replaces the plan. */
  public void putPlan(List<PlannedCell> cells) {
    inTransaction(() -> {
      try (Statement statement = connection.createStatement();
          PreparedStatement insert =
              connection.prepareStatement("INSERT INTO plan VALUES (?, ?)")) {
        statement.executeUpdate("DELETE FROM plan");
        for (int i = 0; i < cells.size(); i++) {
          insert.setInt(1, i);
          insert.setString(2, RecordJson.text(cells.get(i)));
          insert.executeUpdate();
        }
      }
    });
  }

  private void insert(String table, String key, Object value) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement("INSERT OR REPLACE INTO " + table + " VALUES (?, ?)")) {
      statement.setString(1, key);
      statement.setObject(2, value);
      statement.executeUpdate();
    }
  }

  private Optional<byte[]> queryOne(String sql, String key) {
    return query(sql, Optional.of(key)).stream().findFirst();
  }

  private List<byte[]> query(String sql, Optional<String> key) {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      if (key.isPresent()) {
        statement.setString(1, key.get());
      }
      List<byte[]> values = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          values.add(rows.getBytes(1));
        }
      }
      connection.commit();
      return values;
    } catch (SQLException e) {
      throw StoreFile.unreadable(file, e);
    }
  }

  private void inTransaction(Work work) {
    try {
      work.run();
      connection.commit();
    } catch (SQLException e) {
      try {
        connection.rollback();
      } catch (SQLException rollback) {
        e.addSuppressed(rollback);
      }
      throw StoreFile.unreadable(file, e);
    }
  }

  @FunctionalInterface
  private interface Work {
    void run() throws SQLException;
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw StoreFile.unreadable(file, e);
    }
  }
}
