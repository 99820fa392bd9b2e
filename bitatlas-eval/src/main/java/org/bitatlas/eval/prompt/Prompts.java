package org.bitatlas.eval.prompt;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The prompts of a task over its data.
 *
 * @param prompts in the order of subjects and records
 * @param digest SHA-256 over names and bytes of all files
 * @param notes what is remarkable about the data, for the record of a result
 */
public record Prompts(List<Prompt> prompts, String digest, List<String> notes) {

  /**
   * Makes the prompts from data.
   *
   * @throws BitAtlasException when a file is missing or a record does not fit the task; the message
   *     names the place
   */
  public static Prompts of(Prompting task, DataFolder folder) {
    List<Prompt> prompts = new ArrayList<>();
    for (DataSource.Subject subject : task.data().subjects()) {
      List<Document> asked = documents(task, folder, subject, task.data().splits().asked());
      prompts.addAll(
          new Part(task, subject, asked, pool(task, folder, subject)).prompts(prompts.size()));
    }
    List<String> notes = new ArrayList<>(folder.notes());
    int expected = task.data().documents().orElse(prompts.size());
    if (expected != prompts.size()) {
      notes.add(
          "the published set has %,d records, this one %,d".formatted(expected, prompts.size()));
    }
    return new Prompts(List.copyOf(prompts), folder.digest(), List.copyOf(notes));
  }

  private static List<Document> documents(
      Prompting task, DataFolder folder, DataSource.Subject subject, String split) {
    List<Document> documents = folder.read(subject.configuration(), split);
    return task.data()
        .process()
        .map(name -> DocumentProcess.named(name).orElseThrow())
        .map(process -> documents.stream().map(process::apply).toList())
        .orElse(documents);
  }

  private static List<Document> pool(
      Prompting task, DataFolder folder, DataSource.Subject subject) {
    Shots shots = task.shots();
    if (shots.number() == 0) {
      return List.of();
    }
    if (!shots.fixed().isEmpty()) {
      return shots.fixed();
    }
    String split = shots.split().orElseGet(task.data().splits()::examples);
    return documents(task, folder, subject, split);
  }

  /** The prompts of one subject. */
  private static final class Part {

    private final Prompting task;
    private final DataSource.Subject subject;
    private final List<Document> asked;
    private final List<Document> pool;
    private final boolean withoutItself;
    private final PythonRandom random = new PythonRandom(Shots.SEED);
    private final Map<Document, List<Turn>> solved = new IdentityHashMap<>();

    Part(Prompting task, DataSource.Subject subject, List<Document> asked, List<Document> pool) {
      this.task = task;
      this.subject = subject;
      this.asked = asked;
      this.pool = pool;
      // lm-evaluation-harness leaves the asked record out of the examples where the two splits have
      // one name, and also where neither has a name.
      this.withoutItself = task.shots().split().equals(task.data().splits().test());
    }

    List<Prompt> prompts(int start) {
      List<Prompt> prompts = new ArrayList<>(asked.size());
      for (Document document : asked) {
        PromptForm form = task.form();
        List<String> choices = form.choices(document);
        prompts.add(
            new Prompt(
                start + prompts.size(),
                subject.name(),
                before(document),
                form.contextsAreChoices() ? List.of() : form.asked(document),
                choices,
                form.target(document, choices),
                document));
      }
      return prompts;
    }

    private List<Turn> before(Document document) {
      List<Turn> turns = new ArrayList<>();
      if (!subject.description().isEmpty()) {
        turns.add(new Turn("system", subject.description(), ""));
      }
      for (Document example : chosen(document)) {
        turns.addAll(
            solved.computeIfAbsent(
                example, one -> task.form().solved(one, task.shots().delimiter())));
      }
      return List.copyOf(turns);
    }

    private List<Document> chosen(Document document) {
      int number = task.shots().number();
      if (number == 0) {
        return List.of();
      }
      if (task.shots().order() == Shots.Order.FIRST) {
        return enough(withoutItself ? without(document, pool) : pool).subList(0, number);
      }
      if (!withoutItself) {
        return random.sample(enough(pool), number);
      }
      if (pool.size() == number) {
        throw tooFew(number - 1);
      }
      List<Document> drawn = without(document, random.sample(enough(pool), number + 1));
      return drawn.size() < number
          ? random.sample(enough(without(document, pool)), number)
          : drawn.subList(0, number);
    }

    private List<Document> enough(List<Document> documents) {
      if (documents.size() < task.shots().number()) {
        throw tooFew(documents.size());
      }
      return documents;
    }

    private BitAtlasException tooFew(int size) {
      return new BitAtlasException(
          "The task wants "
              + task.shots().number()
              + " solved examples, but its data has only "
              + size
              + " besides the question; ask for fewer.");
    }

    private static List<Document> without(Document document, List<Document> documents) {
      return documents.stream().filter(other -> !other.fields().equals(document.fields())).toList();
    }
  }
}
