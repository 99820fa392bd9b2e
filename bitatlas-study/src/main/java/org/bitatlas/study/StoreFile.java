package org.bitatlas.study;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The database file of a {@link RunStore}: its tables and their version. An older store gets the
 * tables it lacks and keeps its rows.
 */
final class StoreFile {
  /**
   * Version of the tables; a store of a newer version is refused. 1: errors of each layer. 2: whole
   * layer reports; the table of errors is only read. 3: a journal of cells that are not finished.
   */
  static final int VERSION = 3;

  private static final int BUSY_MILLISECONDS = 10_000;
  private static final int SQLITE_BUSY = 5;

  private static final List<String> TABLES =
      List.of(
          "CREATE TABLE IF NOT EXISTS records (key TEXT PRIMARY KEY, json TEXT NOT NULL)",
          "CREATE TABLE IF NOT EXISTS samples (key TEXT PRIMARY KEY, json_gzip BLOB NOT NULL)",
          "CREATE TABLE IF NOT EXISTS layer_errors (key TEXT PRIMARY KEY, json TEXT NOT NULL)",
          "CREATE TABLE IF NOT EXISTS layer_reports"
              + " (key TEXT PRIMARY KEY, json_gzip BLOB NOT NULL)",
          "CREATE TABLE IF NOT EXISTS journal (key TEXT NOT NULL, call INTEGER NOT NULL,"
              + " seconds REAL NOT NULL, answer_gzip BLOB NOT NULL, PRIMARY KEY (key, call))",
          "CREATE TABLE IF NOT EXISTS plan (position INTEGER PRIMARY KEY, json TEXT NOT NULL)");

  private StoreFile() {}

  /**
   * Opens the database; creates it when absent.
   *
   * @throws BitAtlasException when the file is damaged or comes from a newer BitAtlas
   */
  static Connection open(Path file) {
    Connection connection;
    try {
      connection = DriverManager.getConnection("jdbc:sqlite:" + file.toAbsolutePath());
    } catch (SQLException e) {
      throw unreadable(file, e);
    }
    try {
      prepareWhenFree(file, connection);
      return connection;
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

  /** What a store that cannot be used is reported as. */
  static BitAtlasException unreadable(Path file, Throwable cause) {
    return new BitAtlasException(
        "The record store "
            + file
            + " cannot be used: "
            + cause.getMessage()
            + "; wait if another process works on it, otherwise move the file away and the study"
            + " starts anew.",
        cause);
  }
}
