package org.bitatlas.checkpoint;

/** Told how a download goes on; called often, from the downloading thread. */
@FunctionalInterface
public interface DownloadProgress {

  /** Shows nothing. */
  DownloadProgress NONE = (file, bytesDone, bytesTotal) -> {};

  /**
   * Some of a file has arrived.
   *
   * @param file name in the repository
   * @param bytesDone bytes on this machine, those of an earlier attempt included
   * @param bytesTotal size of the file, -1 when the server did not say
   */
  void advanced(String file, long bytesDone, long bytesTotal);
}
