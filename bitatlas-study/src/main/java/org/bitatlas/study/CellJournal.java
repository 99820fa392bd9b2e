package org.bitatlas.study;

import java.util.Optional;

/**
 * What the model of a cell has answered so far, call by call, so that a cell that was killed goes
 * on where it was. Belongs to one key: other weights, templates, data or options have another.
 */
public interface CellJournal {

  /** A journal that keeps nothing. */
  CellJournal NONE =
      new CellJournal() {
        @Override
        public Optional<byte[]> recall(int call) {
          return Optional.empty();
        }

        @Override
        public void keep(int call, byte[] answer) {}
      };

  /** The answer to a call that was kept before; calls count from 0. */
  Optional<byte[]> recall(int call);

  /** Keeps the answer to a call; it is on the disk when the method returns. */
  void keep(int call, byte[] answer);
}
