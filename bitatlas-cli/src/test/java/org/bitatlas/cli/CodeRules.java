package org.bitatlas.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitCallTarget;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaFieldAccess;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Set;
import java.util.stream.Collectors;

/** Rules on what the code may call, whatever its module. */
final class CodeRules {

  private static final Set<String> UNSEEDED =
      Set.of(
          "java.lang.Math.random()",
          "java.lang.StrictMath.random()",
          "java.util.Random.<init>()",
          "java.util.SplittableRandom.<init>()",
          "java.util.concurrent.ThreadLocalRandom.current()",
          "java.util.Collections.shuffle(java.util.List)",
          "java.util.UUID.randomUUID()",
          "java.util.random.RandomGenerator.getDefault()",
          "java.util.random.RandomGenerator.of(java.lang.String)",
          "java.util.random.RandomGeneratorFactory.create()");

  private static final Set<String> DEFAULT_CHARSET =
      Set.of(
          "java.lang.String.<init>(byte[])",
          "java.lang.String.<init>(byte[], int, int)",
          "java.lang.String.getBytes()",
          "java.io.ByteArrayOutputStream.toString()",
          "java.io.FileReader.<init>(java.lang.String)",
          "java.io.FileReader.<init>(java.io.File)",
          "java.io.FileReader.<init>(java.io.FileDescriptor)",
          "java.io.FileWriter.<init>(java.lang.String)",
          "java.io.FileWriter.<init>(java.lang.String, boolean)",
          "java.io.FileWriter.<init>(java.io.File)",
          "java.io.FileWriter.<init>(java.io.File, boolean)",
          "java.io.InputStreamReader.<init>(java.io.InputStream)",
          "java.io.OutputStreamWriter.<init>(java.io.OutputStream)",
          "java.io.PrintStream.<init>(java.io.OutputStream)",
          "java.io.PrintStream.<init>(java.io.OutputStream, boolean)",
          "java.io.PrintStream.<init>(java.io.File)",
          "java.io.PrintStream.<init>(java.lang.String)",
          "java.io.PrintWriter.<init>(java.io.OutputStream)",
          "java.io.PrintWriter.<init>(java.io.OutputStream, boolean)",
          "java.io.PrintWriter.<init>(java.io.File)",
          "java.io.PrintWriter.<init>(java.lang.String)",
          "java.util.Scanner.<init>(java.io.InputStream)",
          "java.util.Scanner.<init>(java.io.File)",
          "java.util.Scanner.<init>(java.nio.file.Path)",
          "java.nio.charset.Charset.defaultCharset()");

  private static final Set<String> ENDS_THE_JVM =
      Set.of(
          "java.lang.System.exit(int)",
          "java.lang.Runtime.exit(int)",
          "java.lang.Runtime.halt(int)");

  /** Random numbers have a seed: the same inputs give the same bytes. */
  static final ArchRule RANDOM_NUMBERS_HAVE_A_SEED =
      noClasses().should().callCodeUnitWhere(targetIn(UNSEEDED, "an unseeded random source"));

  /** Text has a named charset: the same bytes on every machine. */
  static final ArchRule TEXT_HAS_A_CHARSET =
      noClasses().should().callCodeUnitWhere(targetIn(DEFAULT_CHARSET, "the default charset"));

  /** Only the command line ends the JVM. */
  static final ArchRule ONLY_THE_COMMAND_LINE_ENDS_THE_JVM =
      noClasses()
          .that()
          .resideOutsideOfPackage("org.bitatlas.cli")
          .should()
          .callCodeUnitWhere(targetIn(ENDS_THE_JVM, "the end of the JVM"));

  /** Only the command line writes to the terminal. */
  static final ArchRule ONLY_THE_COMMAND_LINE_PRINTS =
      noClasses()
          .that()
          .resideOutsideOfPackage("org.bitatlas.cli")
          .should()
          .accessFieldWhere(
              new DescribedPredicate<JavaFieldAccess>("System.out or System.err") {
                @Override
                public boolean test(JavaFieldAccess access) {
                  return Set.of("java.lang.System.out", "java.lang.System.err")
                      .contains(access.getTarget().getFullName());
                }
              });

  private static DescribedPredicate<JavaCall<?>> targetIn(Set<String> calls, String what) {
    return new DescribedPredicate<>("target " + what) {
      @Override
      public boolean test(JavaCall<?> call) {
        return calls.contains(signature(call.getTarget()));
      }
    };
  }

  private static String signature(CodeUnitCallTarget target) {
    String parameters =
        target.getRawParameterTypes().stream()
            .map(type -> type.isArray() ? type.getComponentType().getName() + "[]" : type.getName())
            .collect(Collectors.joining(", "));
    return target.getOwner().getName() + "." + target.getName() + "(" + parameters + ")";
  }

  private CodeRules() {}
}
