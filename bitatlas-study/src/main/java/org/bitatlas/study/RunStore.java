package org.bitatlas.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.bitatlas.eval.SampleRecord;
import org.bitatlas.quant.pipeline.LayerError;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The records of a study's folder, in an embedded SQLite database. A cell is stored with its
 * samples in one transaction that is on the disk when the call returns (write-ahead log,
 * synchronous FULL): a process that dies loses no finished cell. Other processes may read while one
 * writes. Not thread-safe.
 */
public final class RunStore implements AutoCloseable {
  /** Version of the tables; a store of a newer version is refused. */
  public static final int VERSION = 1;

  /** Name of the database in the study's folder. */
  public static final String FILE = "records.db";

  private static final int BUSY_MILLISECONDS = 10_000;
  private static final int SQLITE_BUSY = 5;

  private static final List<String> TABLES =
      List.of(
          "CREATE TABLE IF NOT EXISTS records (key TEXT PRIMARY KEY, json TEXT NOT NULL)",
          "CREATE TABLE IF NOT EXISTS samples (key TEXT PRIMARY KEY, json_gzip BLOB NOT NULL)",
          "CREATE TABLE IF NOT EXISTS layer_errors (key TEXT PRIMARY KEY, json TEXT NOT NULL)",
          "CREATE TABLE IF NOT EXISTS plan (position INTEGER PRIMARY KEY, json TEXT NOT NULL)");

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
    Connection connection;
    try {
      connection = DriverManager.getConnection("jdbc:sqlite:" + file.toAbsolutePath());
    } catch (SQLException e) {
      throw unreadable(file, e);
    }
    try {
      prepareWhenFree(file, connection);
      return new RunStore(file, connection);
    } catch (SQLException | RuntimeException e) {
      try {
        connection.close();
      } catch (SQLException closing) {
        e.addSuppressed(closing);
      }
      throw e instanceof BitAtlasException told ? told : unreadable(file, e);
    }
  }

  /** SQLite does not wait for the lock by itself while the log mode of a new file changes. */
  private static void prepareWhenFree(Path file, Connection connection) throws SQLException {
    long end = System.nanoTime() + BUSY_MILLISECONDS * 1_000_000L;
    while (true) {
      try {
        prepare(file, connection);
        return;
      } catch (SQLException e) {
        if (e.getErrorCode() != SQLITE_BUSY || System.nanoTime() > end) {
          throw e;
        }
        LockSupport.parkNanos(20_000_000L);
      }
    }
  }

  private static void prepare(Path file, Connection connection) throws SQLException {
    connection.setAutoCommit(true);
    try (Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA busy_timeout = " + BUSY_MILLISECONDS);
      int version;
      try (ResultSet rows = statement.executeQuery("PRAGMA user_version")) {
        version = rows.getInt(1);
      }
      if (version > VERSION) {
        throw new BitAtlasException(
            "The record store "
                + file
                + " has version "
                + version
                + ", and this BitAtlas reads up to "
                + VERSION
                + "; update BitAtlas or choose another --out.");
      }
      if (version < VERSION) {
        statement.execute("PRAGMA journal_mode = WAL");
      }
      statement.execute("PRAGMA synchronous = FULL");
      try (ResultSet rows = statement.executeQuery("PRAGMA quick_check(1)")) {
        if (!rows.getString(1).equals("ok")) {
          throw new SQLException(rows.getString(1));
        }
      }
      connection.setAutoCommit(false);
      if (version < VERSION) {
        for (String table : TABLES) {
          statement.execute(table);
        }
        statement.execute("PRAGMA user_version = " + VERSION);
      }
      connection.commit();
    }
  }

  private static BitAtlasException unreadable(Path file, Throwable cause) {
    return new BitAtlasException(
        "The record store "
            + file
            + " cannot be used: "
            + cause.getMessage()
            + "; wait if another process works on it, otherwise move the file away and the study"
            + " starts anew.",
        cause);
  }

  /** The record with a key. */
  public Optional<RunRecord> record(String key) {
    return queryOne("SELECT json FROM records WHERE key = ?", key)
        .map(bytes -> RecordJson.read(bytes, RunRecord.class, file));
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

  /** The layer errors of a quantized model, in model order; empty when it has none. */
  public Optional<List<LayerError>> layerErrors(String quantizationKey) {
    return queryOne("SELECT json FROM layer_errors WHERE key = ?", quantizationKey)
        .map(bytes -> List.of(RecordJson.read(bytes, LayerError[].class, file)));
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
    });
  }

  /** Stores the layer errors of a quantized model. */
  public void putLayerErrors(String quantizationKey, List<LayerError> errors) {
    inTransaction(() ->
        insert(
            "layer_errors", quantizationKey, RecordJson.text(errors.toArray(LayerError[]::new))));
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
      throw unreadable(file, e);
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
      throw unreadable(file, e);
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
      throw unreadable(file, e);
    }
  }
}
