package org.bitatlas.eval.task;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitatlas.eval.prompt.ChatForm;
import org.bitatlas.eval.prompt.RecordTemplate;
import org.bitatlas.eval.prompt.TextSet;
import org.bitatlas.tensor.BitAtlasException;

/**
 * The tasks of a suite folder, each with its data or with the reason why it has none.
 *
 * @param name name of the catalog in its descriptor
 * @param descriptorDigest SHA-256 of the descriptor's bytes
 * @param entries the tasks in the order of the descriptor, then the built-in ones whose data is
 *     there
 * @param folder the suite folder
 * @param shots examples in front of each question of a built-in task; empty for the task's own
 *     number
 * @param chat how a built-in task is given to a model with a chat template
 */
public record SuiteCatalog(
    String name,
    String descriptorDigest,
    List<Entry> entries,
    Path folder,
    OptionalInt shots,
    ChatForm chat) {

  /** Name of the descriptor inside a suite folder. */
  public static final String DESCRIPTOR = "suites.yaml";

  /** A task of the catalog. */
  public sealed interface Entry {

    /** The task. */
    Task task();
  }

  /** A task whose data is there. */
  public record Ready(Task task, Suite suite) implements Entry {}

  /** A built-in task whose data is in the folder; it is read when the task is asked. */
  public record Described(Task task, Path root) implements Entry {

    /**
     * Reads the data and makes the prompts.
     *
     * @throws BitAtlasException when a file is missing or a record does not fit the task
     */
    public Ready open() {
      return switch (task) {
        case HarnessTask harness -> HarnessReader.open(harness, root);
        default -> TextTasks.open(task, TextTasks.text(task).orElseThrow(), root);
      };
    }
  }

  /** A task without data, and why: its cells are SKIPPED with this reason. */
  public record Missing(Task task, String reason) implements Entry {}

  /**
   * Reads a suite folder. Its own {@value #DESCRIPTOR} describes it, or {@code defaultDescriptor}
   * when it has none. A task whose file is not in the folder is {@link Missing}; only the text of a
   * perplexity task is also looked for in {@code textFolders}.
   *
   * @throws BitAtlasException when the folder does not exist, or the descriptor or a record is not
   *     valid; the message names file and line or task
   */
  public static SuiteCatalog load(Path folder, Path defaultDescriptor, List<Path> textFolders) {
    if (!Files.isDirectory(folder)) {
      throw new BitAtlasException(
          "The suite folder " + folder + " does not exist; give a folder of .jsonl files.");
    }
    Path own = folder.resolve(DESCRIPTOR);
    Path descriptor = Files.isRegularFile(own) ? own : defaultDescriptor;
    Descriptor parsed = Descriptor.read(descriptor);
    List<Entry> entries = new ArrayList<>();
    for (Task task : parsed.tasks()) {
      Optional<RecordTemplate> cluster = Optional.ofNullable(parsed.clusters().get(task.name()));
      entries.add(entry(task, folder, textFolders, cluster));
    }
    HarnessCatalog.builtIn().tasks().stream()
        .filter(task -> HarnessReader.isIn(task, folder))
        .forEach(task -> entries.add(new Described(task, folder)));
    TextTasks.builtIn().stream()
        .filter(task -> entries.stream().noneMatch(entry -> isNamed(entry, task.name())))
        .map(task -> TextTasks.entry(task, TextTasks.text(task).orElseThrow(), folder))
        .filter(entry -> entry instanceof Described)
        .forEach(entries::add);
    return new SuiteCatalog(
        parsed.name(),
        parsed.digest(),
        List.copyOf(entries),
        folder,
        OptionalInt.empty(),
        ChatForm.OWN);
  }

  /** The same with another number of examples in front of each question of a built-in task. */
  public SuiteCatalog withShots(int number) {
    return new SuiteCatalog(
        name,
        descriptorDigest,
        builtIn(task -> task.withShots(number)),
        folder,
        OptionalInt.of(number),
        chat);
  }

  /** The same with the built-in tasks given in another form to a model with a chat template. */
  public SuiteCatalog withChat(ChatForm form) {
    return new SuiteCatalog(
        name, descriptorDigest, builtIn(task -> task.withChat(form)), folder, shots, form);
  }

  /** All entries, the built-in tasks changed. */
  private List<Entry> builtIn(UnaryOperator<HarnessTask> change) {
    return entries.stream()
        .map(entry ->
            entry instanceof Described described && described.task() instanceof HarnessTask harness
                ? new Described(change.apply(harness), described.root())
                : entry)
        .toList();
  }

  /**
   * The tasks to ask when none is named: all, but where the folder has data of built-in tasks only
   * those whose data is there.
   */
  public List<Entry> asked() {
    boolean builtIn = entries.stream().anyMatch(entry -> entry instanceof Described);
    return builtIn ? entries.stream().filter(this::isHere).toList() : entries;
  }

  private boolean isHere(Entry entry) {
    return switch (entry) {
      case Described _ -> true;
      case Missing _ -> false;
      case Ready ready -> ready.suite().file().startsWith(folder);
    };
  }

  private static Entry entry(
      Task task, Path folder, List<Path> textFolders, Optional<RecordTemplate> cluster) {
    Optional<TextSet> text = TextTasks.text(task);
    if (text.isPresent()) {
      return TextTasks.entry(task, text.get(), folder);
    }
    Stream<Path> more = task instanceof PerplexityTask ? textFolders.stream() : Stream.empty();
    Optional<Path> file =
        Stream.concat(Stream.of(folder), more)
            .map(parent -> parent.resolve(task.file()))
            .filter(Files::isRegularFile)
            .findFirst();
    if (file.isEmpty()) {
      return new Missing(task, "the suite folder " + folder + " has no file " + task.file());
    }
    return new Ready(task, Suite.load(task, file.get(), cluster));
  }

  /**
   * The entry of a task; also of a built-in one, and of one subject of it ({@code mmlu_anatomy}).
   *
   * @throws BitAtlasException when there is none; the message lists the names there are
   */
  public Entry entry(String taskName) {
    return entries.stream()
        .filter(entry -> isNamed(entry, taskName))
        .findFirst()
        .or(() -> HarnessCatalog.builtIn().task(taskName).map(this::described))
        .or(() ->
            TextTasks.builtIn(taskName)
                .map(task -> TextTasks.entry(task, TextTasks.text(task).orElseThrow(), folder)))
        .orElseThrow(() ->
            new BitAtlasException(
                "There is no task "
                    + taskName
                    + "; the suite "
                    + name
                    + " has "
                    + entries.stream()
                        .map(entry -> entry.task().name())
                        .collect(Collectors.joining(", "))
                    + "; built in are "
                    + Stream.concat(
                            HarnessCatalog.builtIn().tasks().stream(), TextTasks.builtIn().stream())
                        .map(Task::name)
                        .collect(Collectors.joining(", "))
                    + "."));
  }

  private static boolean isNamed(Entry entry, String name) {
    return entry.task().name().equals(name);
  }

  private Entry described(HarnessTask builtIn) {
    HarnessTask own = shots.isPresent() ? builtIn.withShots(shots.getAsInt()) : builtIn;
    HarnessTask task = own.withChat(chat);
    return HarnessReader.isIn(task, folder)
        ? new Described(task, folder)
        : new Missing(task, HarnessReader.missing(task, folder));
  }
}
