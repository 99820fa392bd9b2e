package org.bitatlas.template;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.filter.Filter;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A template rendered as Python's Jinja 3 renders it, with Python's string methods; what is
 * substituted is never read as a template again and never escaped.
 *
 * <p>A template is not trusted: it reaches no Java class, its output, strings, lists and ranges are
 * limited, and so are the nodes it renders and its time, so that an endless one ends with an error.
 */
public final class JinjaTemplate {

  /** How a template is read. */
  public enum Dialect {
    /**
     * As transformers reads chat templates: {@code trim_blocks} and {@code lstrip_blocks} on, one
     * trailing newline of the source dropped, an undefined variable is empty.
     */
    CHAT,
    /**
     * As lm-evaluation-harness reads prompts: white space stays, {@code keep_trailing_newline} on,
     * an undefined variable is an error.
     */
    STRICT
  }

  /**
   * What templates can call besides Jinja's own.
   *
   * @param filters further filters
   * @param functions further functions
   */
  public record Extensions(List<Filter> filters, List<ELFunctionDefinition> functions) {
    /** Nothing. */
    public static final Extensions NONE = new Extensions(List.of(), List.of());
  }

  /** Most nodes that are rendered. */
  public static final int NODE_LIMIT = 200_000;

  /** Most time for one rendering. */
  public static final Duration TIME_LIMIT = Duration.ofSeconds(10);

  private static final long LARGEST_OUTPUT = 16L << 20;
  private static final int LARGEST_COLLECTION = 100_000;
  private static final int DEPTH_LIMIT = 20;

  private static final Pattern EXPRESSION = Pattern.compile("\\{\\{(.*)}}", Pattern.DOTALL);

  /** What is left to the rendering on this thread. */
  private static final ScopedValue<Budget> BUDGET = ScopedValue.newInstance();

  private static final class Budget {
    private final long start = System.nanoTime();
    private int nodes;

    void spend() {
      nodes++;
      if (nodes > NODE_LIMIT || System.nanoTime() - start > TIME_LIMIT.toNanos()) {
        throw new TooLong();
      }
    }
  }

  private static final class TooLong extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private final String source;
  private final Jinjava jinjava;

  private JinjaTemplate(String source, Jinjava jinjava) {
    this.source = source;
    this.jinjava = jinjava;
  }

  /**
   * Reads a template; nothing is rendered yet.
   *
   * @throws BitAtlasException when it uses what cannot be rendered here; the message is a clause
   */
  public static JinjaTemplate of(String source, Dialect dialect, Extensions extensions) {
    Jinjava jinjava = new Jinjava(configuration(dialect));
    extensions.filters().forEach(jinjava.getGlobalContext()::registerFilter);
    extensions.functions().forEach(jinjava.getGlobalContext()::registerFunction);
    return new JinjaTemplate(JinjaSource.adapt(source, dialect), jinjava);
  }

  // Jinjava marks its hook and its legacy flags as deprecated, but offers no other way yet.
  @SuppressWarnings("deprecation")
  private static JinjavaConfig configuration(Dialect dialect) {
    return JinjavaConfig.newBuilder()
        .withTrimBlocks(false)
        .withLstripBlocks(false)
        .withKeepTrailingNewline(true)
        .withNestedInterpretationEnabled(false)
        .withFailOnUnknownTokens(dialect == Dialect.STRICT)
        .withEnableRecursiveMacroCalls(true)
        .withMaxMacroRecursionDepth(DEPTH_LIMIT)
        .withMaxRenderDepth(DEPTH_LIMIT)
        .withMaxOutputSize(LARGEST_OUTPUT)
        .withMaxStringLength(LARGEST_OUTPUT)
        .withMaxListSize(LARGEST_COLLECTION)
        .withMaxMapSize(LARGEST_COLLECTION)
        .withElResolver(new PythonMethods())
        .withNodePreProcessor((node, interpreter) -> countNode())
        .withLegacyOverrides(
            LegacyOverrides.Builder.from(LegacyOverrides.ALL)
                .withWhitespaceRequiredWithinTokens(false)
                .build())
        .build();
  }

  private static void countNode() {
    if (BUDGET.isBound()) {
      BUDGET.get().spend();
    }
  }

  /**
   * The text for some variables.
   *
   * @throws TemplateFailure when it cannot be rendered
   */
  public String render(Map<String, ?> variables) {
    RenderResult result = budgeted(() -> jinjava.renderForResult(source, variables));
    refuse(result.getErrors());
    return result.getOutput();
  }

  /**
   * The value of a template that is one expression, such as {@code {{ choices.text }}}: a string, a
   * number, a boolean or a list; of any other template its text.
   *
   * @throws TemplateFailure when it cannot be rendered
   */
  // Jinjava's current interpreter can be set in the old way only.
  @SuppressWarnings("deprecation")
  public Object value(Map<String, ?> variables) {
    Optional<String> expression = expression();
    if (expression.isEmpty()) {
      return render(variables);
    }
    JinjavaInterpreter interpreter = jinjava.newInterpreter();
    interpreter.getContext().putAll(variables);
    JinjavaInterpreter.pushCurrent(interpreter);
    try {
      Object value = budgeted(() -> interpreter.resolveELExpression(expression.get(), 1));
      refuse(interpreter.getErrors());
      if (value == null) {
        throw new TemplateFailure(expression.get() + " has no value", 1);
      }
      return value;
    } catch (com.hubspot.jinjava.interpret.InterpretException e) {
      throw new TemplateFailure(clause(String.valueOf(e.getMessage())), 1, false, e);
    } finally {
      JinjavaInterpreter.popCurrent();
    }
  }

  private Optional<String> expression() {
    Matcher matcher = EXPRESSION.matcher(source.strip());
    return matcher.matches() && !matcher.group(1).contains("{{") && !matcher.group(1).contains("{%")
        ? Optional.of(matcher.group(1).strip())
        : Optional.empty();
  }

  private static <T> T budgeted(Supplier<T> rendering) {
    return ScopedValue.where(BUDGET, new Budget()).call(rendering::get);
  }

  private static void refuse(List<TemplateError> errors) {
    if (errors.isEmpty()) {
      return;
    }
    TemplateError first = errors.getFirst();
    boolean endless = false;
    for (TemplateError error : errors) {
      for (Throwable cause = error.getException(); cause != null; cause = cause.getCause()) {
        endless |= cause instanceof TooLong;
      }
    }
    String message = clause(first.getMessage());
    throw first.getException() == null
        ? new TemplateFailure(message, first.getLineno())
        : new TemplateFailure(message, first.getLineno(), endless, first.getException());
  }

  private static String clause(String message) {
    return message
        .lines()
        .findFirst()
        .orElse("no reason given")
        .replaceFirst("^UnknownTokenException: Unknown token found: (.*)$", "$1 is not defined")
        .replaceFirst("^Unknown token found: (.*)$", "$1 is not defined");
  }
}
