package org.bitatlas.tokenizer;

import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bitatlas.template.JinjaTemplate;
import org.bitatlas.template.TemplateFailure;
import org.bitatlas.tensor.BitAtlasException;

/**
 * A chat template rendered as transformers renders it: {@code raise_exception}, {@code
 * strftime_now} and {@code tojson} defined. The template comes with the model and is not trusted.
 */
final class JinjaChatTemplate implements ChatTemplate {

  private static final JinjaTemplate.Extensions EXTENSIONS =
      new JinjaTemplate.Extensions(
          List.of(new ToJsonFilter()),
          Stream.of("raise_exception", "strftime_now")
              .map(name ->
                  new ELFunctionDefinition("", name, TemplateFunctions.class, name, String.class))
              .toList());

  private final String name;
  private final Map<String, String> specialTokens;
  private final JinjaTemplate template;
  private final String digest;

  /**
   * A template; nothing is rendered yet.
   *
   * @param name where it comes from, for error messages
   * @param source Jinja source
   * @param specialTokens {@code bos_token}, {@code eos_token} and so on, as variables
   */
  JinjaChatTemplate(String name, String source, Map<String, String> specialTokens) {
    this.name = name;
    this.template = template(name, source);
    this.specialTokens = Map.copyOf(specialTokens);
    this.digest = Digests.of("jinja", source.getBytes(StandardCharsets.UTF_8), "");
  }

  private static JinjaTemplate template(String name, String source) {
    try {
      return JinjaTemplate.of(source, JinjaTemplate.Dialect.CHAT, EXTENSIONS);
    } catch (BitAtlasException e) {
      throw new BitAtlasException(
          "The chat template of " + name + " cannot be used: " + e.getMessage() + ".", e);
    }
  }

  @Override
  public String render(List<ChatMessage> messages, boolean addGenerationPrompt) {
    Map<String, Object> variables = new HashMap<>(specialTokens);
    variables.put("messages", messages.stream().map(JinjaChatTemplate::variables).toList());
    variables.put("add_generation_prompt", addGenerationPrompt);
    // So that `strftime_now is defined` holds; a call finds the function of this name.
    variables.put("strftime_now", true);
    try {
      return template.render(variables);
    } catch (TemplateFailure e) {
      throw failure(e);
    }
  }

  private static Map<String, Object> variables(ChatMessage message) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("role", message.role());
    map.put("content", message.content());
    return map;
  }

  private BitAtlasException failure(TemplateFailure failure) {
    for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof TemplateFunctions.Refusal refusal) {
        return new BitAtlasException(
            "The chat template of " + name + " refuses the conversation: " + refusal.getMessage());
      }
    }
    if (failure.endless()) {
      return new BitAtlasException(
          "The chat template of "
              + name
              + " was stopped after "
              + JinjaTemplate.NODE_LIMIT
              + " steps or "
              + JinjaTemplate.TIME_LIMIT.toSeconds()
              + " seconds: it is endless, or the conversation is far too long.");
    }
    return new BitAtlasException(
        "The chat template of "
            + name
            + " cannot be rendered (line "
            + failure.line()
            + "): "
            + failure.getMessage()
            + ".");
  }

  @Override
  public String digest() {
    return digest;
  }
}
