package org.bitatlas.eval.task;

import java.util.List;
import org.bitatlas.eval.prompt.ChatForm;
import org.bitatlas.eval.prompt.Prompting;
import org.bitatlas.tokenizer.ThinkingMode;

/** A task over a published data set in the fields of Hugging Face, with examples in the prompt. */
public sealed interface HarnessTask extends Task permits LikelihoodTask, ReplyTask {

  /** The task up to the prompt. */
  Prompting prompting();

  /** What a model that knows nothing reaches, in a word for a list; exact only with the data. */
  String chance();

  /** The same task under a name, with another prompting. */
  HarnessTask with(String name, Prompting prompting);

  /** The same task with another number of examples. */
  default HarnessTask withShots(int number) {
    return with(name(), prompting().withShots(number));
  }

  /** The same task given in another form to a model with a chat template. */
  default HarnessTask withChat(ChatForm form) {
    return with(name(), prompting().withChat(form));
  }

  @Override
  default List<ThinkingMode> modes() {
    return List.of();
  }

  @Override
  default Measure measure() {
    return Measure.ACCURACY;
  }

  /** {@inheritDoc} The folder of the data set. */
  @Override
  default String file() {
    return prompting().data().repository();
  }
}
