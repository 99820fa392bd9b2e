package org.bitatlas.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Templates in the styles of the supported families; the expected texts are transformers'. */
final class JinjaChatTemplateTest {

  private static final List<ChatMessage> TALK =
      List.of(
          new ChatMessage("system", "Be kind."),
          new ChatMessage("user", " What is {{ 1+1 }}?\n"),
          new ChatMessage("assistant", "<think>\nhm\n</think>\n\nTwo."),
          new ChatMessage("user", "And \"é\"?"));

  private static String render(String source, List<ChatMessage> messages, boolean prompt) {
    Map<String, String> tokens = Map.of("bos_token", "<s>", "eos_token", "</s>");
    return new JinjaChatTemplate("folder/tokenizer_config.json", source, tokens)
        .render(messages, prompt);
  }

  @Test
  void distillStyleCutsThinkingOutOfTheHistory() {
    String source =
        "{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif"
            + " %}{% set box = namespace(first=true, system='', count=messages|length - 1) %}"
            + "{%- for m in messages %}{%- if m['role'] == 'system' %}{% set box.system = m['content']"
            + " %}{%- endif %}{%- endfor %}{{bos_token}}{{box.system}}{%- for m in messages %}{%- if"
            + " m['role'] == 'user' %}{{'<U>' + m['content']}}{%- endif %}{%- if m['role'] =="
            + " 'assistant' and m['content'] is not none %}{% set text = m['content'] %}{% if"
            + " '</think>' in text %}{% set text = text.split('</think>')[-1] %}{% endif %}{{'<A>' +"
            + " text + eos_token}}{%- endif %}{%- endfor -%}{% if add_generation_prompt %}"
            + "{{'<A><think>\\n'}}{% endif %}{{ box.count }}";
    assertThat(render(source, TALK, true))
        .isEqualTo("<s>Be kind.<U> What is {{ 1+1 }}?\n<A>\n\nTwo.</s><U>And \"é\"?<A><think>\n3");
    assertThat(render(source, TALK, false)).endsWith("<U>And \"é\"?3");
  }

  @Test
  void chatMarkupStyleKeepsItsNewlines() {
    String source =
        """
        {%- if messages[0]['role'] == 'system' %}
            {{- '<|start|>system\\n' + messages[0]['content'] + '<|end|>\\n' }}
        {%- else %}
            {{- '<|start|>system\\nDefault.<|end|>\\n' }}
        {%- endif %}
        {%- for m in messages[::-1] %}
            {%- if loop.first %}
                {{- m.role.title() }}
            {%- endif %}
        {%- endfor %}
        {%- for m in messages %}
            {%- if m.role == "user" or (m.role == "system" and not loop.first) %}
                {{- '<|start|>' + m.role + '\\n' + m.content.strip() + '<|end|>' + '\\n' }}
            {%- elif m.content.startswith('<think>') %}
                {{- m.content.split('</think>')[0].split('<think>')[-1].strip('\\n') | upper }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|start|>assistant\\n' }}
        {%- endif %}
        """;
    assertThat(render(source, TALK, true))
        .isEqualTo(
            """
            <|start|>system
            Be kind.<|end|>
            User<|start|>user
            What is {{ 1+1 }}?<|end|>
            HM<|start|>user
            And "é"?<|end|>
            <|start|>assistant
            """);
  }

  @Test
  void llamaStyleSlicesAndRefuses() {
    String source =
        "{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{% set sys ="
            + " messages[0]['content'] %}{% else %}{% set rest = messages %}{% set sys = false %}{%"
            + " endif %}{% for m in rest %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{"
            + " raise_exception('Roles must take turns.') }}{% endif %}{% if loop.index0 == 0 and sys"
            + " != false %}{% set text = '[' + sys + ']' + m['content'] %}{% else %}{% set text ="
            + " m['content'] %}{% endif %}{% if m['role'] == 'user' %}{{ bos_token + text | trim"
            + " }}{% else %}{{ ' ' + text.strip() + ' ' + eos_token }}{% endif %}{% endfor %}";
    assertThat(render(source, List.of(new ChatMessage("system", ""), TALK.get(1)), true))
        .isEqualTo("<s>[] What is {{ 1+1 }}?");
    List<ChatMessage> twice = List.of(TALK.get(1), TALK.get(1));
    assertThatThrownBy(() -> render(source, twice, true))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("folder/tokenizer_config.json")
        .hasMessageContaining("Roles must take turns.");
  }

  @Test
  void blocksAreTrimmedAsTransformersTrimsThem() {
    String source =
        """
        {# a comment #}
        {% for m in messages %}
            {% if m.role == 'user' %}
        U: {{ m.content }}
            {% endif %}
        {{ m.role }}{% if not loop.last %}, {% endif %}
        {% endfor %}
        end

        """;
    assertThat(render(source, List.of(TALK.get(0), TALK.get(3)), false))
        .isEqualTo("system, U: And \"é\"?\nuserend\n");
  }

  @Test
  void jsonAndDatesAreWrittenAsInPython() {
    String source =
        "{{ messages[0]['content'] | tojson }}{{ {'a': [1, true, none], 'é': 'x'} | tojson }}"
            + "{% if strftime_now is defined %}{{ strftime_now('%Y') | length }}{% endif %}";
    assertThat(render(source, TALK.subList(3, 4), false))
        .isEqualTo("\"And \\\"é\\\"?\"{\"a\": [1, true, null], \"é\": \"x\"}4");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ ''.class.forName('java.lang.Runtime') }}",
        "{{ messages.getClass() }}",
        "{{ messages[0]['content'].getBytes() }}",
        "{% include '/etc/hostname' %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% set x = 'aaaaaaaaaa' %}{% for a in range(40) %}{% set x = x ~ x %}{% endfor %}",
        "{% for a in range(900) %}{% for b in range(900) %}.{% endfor %}{% endfor %}",
        "{% for m in messages %}",
        "{{ messages[0]['content'",
        "{{ nothing_of_this_name() }}",
        "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}",
      })
  void hostileOrBrokenTemplatesEndWithAnError(String source) {
    assertThatThrownBy(() -> render(source, TALK, true))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("folder/tokenizer_config.json");
  }
}
