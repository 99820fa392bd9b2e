package org.bitatlas.eval;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.bitatlas.eval.task.Item;
import org.bitatlas.generate.Generation;
import org.bitatlas.generate.GenerationRequest;
import org.bitatlas.tokenizer.ChatMessage;
import org.bitatlas.tokenizer.ThinkingMode;

/**
 * What a task whose items are answered by writing asks, and how it scores the replies.
 *
 * @param <I> kind of the items
 */
sealed interface ReplyScoring<I extends Item> permits ReplyScoring.OneByOne, ProgramScoring {

  /** Scores each reply by itself. */
  sealed interface OneByOne<I extends Item> extends ReplyScoring<I>
      permits AnswerScoring, HarnessScoring {

    /** The record of one item. */
    SampleRecord sample(I item, GenerationRequest request, ReplyReader.Reply reply);

    @Override
    default List<SampleRecord> score(
        List<I> chunk,
        List<GenerationRequest> requests,
        List<Generation> generations,
        ReplyReader reader) {
      List<SampleRecord> samples = new ArrayList<>(chunk.size());
      for (int i = 0; i < chunk.size(); i++) {
        samples.add(sample(chunk.get(i), requests.get(i), reader.read(generations.get(i))));
      }
      return samples;
    }
  }

  /** Name of the task. */
  String name();

  /** The user message of an item. */
  String user(I item);

  /** Messages in front of the user message. */
  default List<ChatMessage> before(I item) {
    return List.of();
  }

  /** Start of the reply that the model is given; empty for none. */
  default String answerPrefix(I item) {
    return "";
  }

  /** Most new tokens of a reply. */
  int budget(Optional<ThinkingMode> mode);

  /** One record per item of a chunk, in its order. */
  List<SampleRecord> score(
      List<I> chunk,
      List<GenerationRequest> requests,
      List<Generation> generations,
      ReplyReader reader);

  /** The numbers of a cell. */
  SequencedMap<String, Double> metrics(List<SampleRecord> samples);
}
