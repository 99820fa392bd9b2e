package org.bitatlas.generate;

import java.util.List;

/** Says that a reply is over although no stop id was written, for example after a stop text. */
@FunctionalInterface
public interface ReplyEnd {

  /**
   * Asked after every token.
   *
   * @param ids the reply so far, at least one token; not to be kept, it grows
   */
  boolean isReached(List<Integer> ids);
}
