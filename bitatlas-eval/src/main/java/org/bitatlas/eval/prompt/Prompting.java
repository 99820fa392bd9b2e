package org.bitatlas.eval.prompt;

import java.util.Optional;

/**
 * A task as lm-evaluation-harness has it, up to the prompt.
 *
 * @param protocol which task of which version it equals, or that it equals none
 * @param data what is asked
 * @param form how a record becomes a prompt
 * @param shots solved examples in front of it
 * @param chat how it is given to a model with a chat template
 */
public record Prompting(
    String protocol, DataSource data, PromptForm form, Shots shots, ChatForm chat) {

  /** The same given in another form to a model with a chat template. */
  public Prompting withChat(ChatForm other) {
    return new Prompting(protocol, data, form, shots, other);
  }

  /** The same with another number of examples, which then says so. */
  public Prompting withShots(int number) {
    return number == shots.number()
        ? this
        : new Prompting(
            protocol + ", with " + number + " instead of " + shots.number() + " examples",
            data,
            form,
            shots.withNumber(number),
            chat);
  }

  /** The same over files that an adapter reads, which then equals no published protocol. */
  public Prompting adapted(Adapter adapter) {
    return new Prompting(
        "adapter: "
            + adapter.name()
            + "; not comparable with lm-evaluation-harness; prompt of "
            + protocol,
        data,
        form,
        shots,
        chat);
  }

  /** One subject alone, of a set that has several. */
  public Optional<Prompting> ofSubject(String name) {
    return data.subjects().size() < 2
        ? Optional.empty()
        : data.subjects().stream()
            .filter(subject -> subject.name().equals(name))
            .findFirst()
            .map(subject ->
                new Prompting(
                    protocol + ", subject " + name, data.withSubject(subject), form, shots, chat));
  }

  /** Everything that decides the prompt. */
  public String describe() {
    return protocol
        + "; "
        + shots.describe()
        + (chat == ChatForm.OWN ? "" : "; " + chat.describe())
        + "; "
        + form.describe();
  }
}
