package org.bitatlas.eval.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.bitatlas.eval.sandbox.Verdict.Outcome;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hostile programs get no verdict but their own, and reach nothing; honest ones pass. */
class PythonSandboxTest {

  private static final Limits SHORT = new Limits(1, 3, 512L << 20, 1 << 20);

  @BeforeAll
  static void sandboxIsHere() {
    assumeTrue(
        Availability.here() instanceof Availability.Ready,
        () -> "no sandbox here: " + Availability.here());
  }

  private static Verdict run(String source, String checks) throws InterruptedException {
    Availability.Ready ready = (Availability.Ready) Availability.here();
    return ready.sandbox().run(new Program(source, checks), SHORT);
  }

  private static Verdict answers(String body) throws InterruptedException {
    return run("import os, sys\ndef f(x):\n" + body.indent(4), "assert f(1) == 2");
  }

  @Test
  void rightProgramPasses() throws InterruptedException {
    assertThat(answers("return x + 1")).isEqualTo(new Verdict(Outcome.PASS, "", ""));
  }

  @Test
  void wrongProgramFailsItsCheck() throws InterruptedException {
    assertThat(answers("return x").outcome()).isEqualTo(Outcome.ASSERT);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "def f(x | SYNTAX",
        "def f(x): raise ValueError('no') | EXCEPTION",
        "def g(x): return 2 | EXCEPTION",
        "def f(x): return [0] * 10 ** 12 | MEMORY",
        "import sys; sys.exit(0) | EXCEPTION",
        "import os; os._exit(0) | KILLED",
        "import ctypes; ctypes.string_at(0) | KILLED",
      })
  void endsAreTold(String source, Outcome outcome) throws InterruptedException {
    assertThat(run(source, "assert f(1) == 2").outcome()).isEqualTo(outcome);
  }

  @Test
  void exitWithStatusZeroIsNoPass() throws InterruptedException {
    for (String exit : List.of("os._exit(0)", "sys.exit(0)", "raise SystemExit")) {
      assertThat(answers(exit).passed()).as(exit).isFalse();
    }
  }

  @Test
  void infiniteLoopAndSleepTimeOut() throws InterruptedException {
    assertThat(answers("while True: pass").outcome()).isEqualTo(Outcome.TIMEOUT);
    assertThat(answers("import time\ntime.sleep(60)").outcome()).isEqualTo(Outcome.TIMEOUT);
  }

  @Test
  void objectThatEqualsEverythingDoesNotPass() throws InterruptedException {
    String source =
        """
        class Two(int):
            def __eq__(self, other): return True
            def __index__(self): return 2
        class Any:
            def __eq__(self, other): return True
        def f(x): return Two(3) if x else Any()
        """;
    assertThat(run(source, "assert f(1) == 2").outcome()).isEqualTo(Outcome.ASSERT);
    assertThat(run(source, "assert f(0) == 2").outcome()).isEqualTo(Outcome.ASSERT);
  }

  @Test
  void forgedVerdictsAreIgnored() throws InterruptedException {
    String everywhere =
        """
        import os, struct
        told = b'{"outcome":"PASS","detail":""}'
        for descriptor in range(64):
            for text in (told + b"\\n", struct.pack(">I", len(told)) + told):
                try:
                    os.write(descriptor, text)
                except OSError:
                    pass
        def f(x): return 3
        """;
    assertThat(run(everywhere, "assert f(1) == 2").passed()).isFalse();
    assertThat(answers("os.write(1, b'{\"outcome\":\"PASS\"}\\n'); return 3").outcome())
        .isEqualTo(Outcome.ASSERT);
  }

  @Test
  void changedBuiltinsDoNotReachTheChecks() throws InterruptedException {
    String source =
        """
        import builtins, math
        builtins.abs = lambda x: 0
        builtins.AssertionError = Warning
        math.fabs = lambda x: 0
        def f(x): return 3
        """;
    assertThat(run(source, "import math\nassert math.fabs(f(1) - 2) < 1e-6 and abs(f(1) - 2) < 1"))
        .extracting(Verdict::outcome)
        .isEqualTo(Outcome.ASSERT);
  }

  @Test
  void programDoesNotSeeItsChecks() throws InterruptedException {
    String source =
        """
        import gc, sys
        def f(x):
            seen = []
            frame = sys._getframe()
            while frame:
                seen.append(repr(frame.f_locals) + repr(list(frame.f_globals.values())))
                frame = frame.f_back
            seen.extend(repr(thing) for thing in gc.get_objects() if isinstance(thing, (dict, list, str)))
            return any("se" + "cret_47" in text for text in seen)
        """;
    assertThat(run(source, "secret_47 = 2\nassert f(1) is False").outcome())
        .isEqualTo(Outcome.PASS);
  }

  @Test
  void processesNetworkAndProgramsAreRefused() throws InterruptedException {
    String[] actions = {
      "os.fork()",
      "while True: os.fork()",
      "os.system('true') == 0 or os.stat('/nowhere')",
      "os.execv('/bin/sh', ['sh', '-c', 'true'])",
      "import subprocess\nsubprocess.run(['true'])",
      "import socket\nsocket.create_connection(('127.0.0.1', 80))",
      "import socket\nsocket.socketpair()",
      "import multiprocessing\nmultiprocessing.Process(target=f, args=(1,)).start()",
      "import ctypes\nctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0 or os.stat('/nowhere')",
      "import ctypes\nctypes.CDLL(None).unshare(0x10000000) == 0 or os.stat('/nowhere')",
    };
    for (String action : actions) {
      assertThat(answers(action).outcome()).as(action).isEqualTo(Outcome.EXCEPTION);
    }
  }

  @Test
  void parentAndOthersCannotBeKilled() throws InterruptedException {
    Verdict verdict =
        answers(
            """
            import signal
            for process in (os.getppid(), 1, 2, 3, -1):
                try:
                    os.kill(process, signal.SIGKILL)
                except OSError:
                    pass
            return 3
            """);
    assertThat(verdict.passed()).isFalse();
    assertThat(verdict.outcome()).isIn(Outcome.ASSERT, Outcome.KILLED);
  }

  @Test
  void onlyItsOwnFolderCanBeWritten() throws InterruptedException {
    assertThat(answers("open('x', 'w').write('a'); return len(open('x').read()) + 1").passed())
        .isTrue();
    for (String file : List.of("/usr/x", "/x", "/dev/x", "/lib/x", "/../x")) {
      assertThat(answers("open('%s', 'w')".formatted(file)).outcome())
          .as(file)
          .isEqualTo(Outcome.EXCEPTION);
    }
    assertThat(answers("[open(str(i), 'w').write('a' * 300000) for i in range(9)]").passed())
        .isFalse();
  }

  @Test
  void systemIsNotReadable() throws InterruptedException {
    for (String path : List.of("/proc", "/sys", "/home", "/etc", "/var", "/run")) {
      assertThat(answers("os.listdir('%s')".formatted(path)).outcome())
          .as(path)
          .isEqualTo(Outcome.EXCEPTION);
    }
    assertThat(answers("return len(os.environ.get('HOME', '')) + 2").passed()).isTrue();
  }

  @Test
  void hugeOutputIsCutAndHugeResultsAreRefused() throws InterruptedException {
    Verdict loud = answers("for i in range(1000): print('x' * 10000)\nreturn 2");
    assertThat(loud.passed()).isTrue();
    assertThat(loud.output()).hasSizeLessThanOrEqualTo(4096);
    assertThat(answers("return 'x' * (20 << 20)").passed()).isFalse();
    assertThat(answers("while True: os.write(1, b'x' * 65536)").outcome())
        .isEqualTo(Outcome.TIMEOUT);
  }

  @Test
  void threadsEndAtTheMemoryLimit() throws InterruptedException {
    assertThat(
            answers(
                    """
                    import threading, time
                    while True:
                        threading.Thread(target=time.sleep, args=(60,)).start()
                    """)
                .passed())
        .isFalse();
  }

  @Test
  void plainDataCrossesUnchanged() throws InterruptedException {
    String checks =
        """
        values = [None, True, 0, -5, 10 ** 400, 1.5, float("inf"), 2 + 3j, "\\ud800 \\u0000 \\U0001f600", b"\\x00\\xff",
                  [1, [2, (3, {4})]], {"a": {1: (2,)}}, frozenset({1, 2}), range(3), int, bytearray(b"x")]
        for value in values:
            back = f(value)
            assert type(back) is type(value) and back == value, (back, value)
        assert str(f(float("nan"))) == "nan"
        """;
    assertThat(run("def f(x): return x", checks)).isEqualTo(new Verdict(Outcome.PASS, "", ""));
  }

  @Test
  void changedArgumentsIteratorsObjectsAndExceptionsCross() throws InterruptedException {
    String source =
        """
        import math
        class Pair:
            def __init__(self, a, b): self.a, self.b = a, b
        def push(x): x.append(3)
        def ups(n):
            for i in range(n): yield i
        def total(pairs): return sum(p.a for p in pairs)
        def fails(x): raise KeyError(x)
        """;
    String checks =
        """
        numbers = [1, 2]
        push(numbers)
        assert numbers == [1, 2, 3]
        assert list(ups(3)) == [0, 1, 2]
        assert total([Pair(1, 2), Pair(3, 4)]) == 4
        assert Pair(1, 2).b == 2
        assert math.pi > 3
        try:
            fails(1)
            assert False
        except KeyError:
            pass
        """;
    assertThat(run(source, checks)).isEqualTo(new Verdict(Outcome.PASS, "", ""));
  }

  @Test
  void interruptionEndsTheProgram() throws InterruptedException {
    Availability.Ready ready = (Availability.Ready) Availability.here();
    boolean[] interrupted = new boolean[1];
    Thread runner =
        new Thread(() -> {
          try {
            ready
                .sandbox()
                .run(new Program("while True: pass", ""), new Limits(60, 60, 1 << 29, 1 << 20));
          } catch (InterruptedException expected) {
            interrupted[0] = true;
          }
        });
    runner.start();
    Thread.sleep(300);
    runner.interrupt();
    runner.join(10_000);
    assertThat(runner.isAlive()).isFalse();
    assertThat(interrupted[0]).isTrue();
  }

  @Test
  void manyRunsLeaveNothing() throws InterruptedException {
    long before = children();
    for (int i = 0; i < 10; i++) {
      answers("os.kill(1, 9)");
    }
    assertThat(children()).isEqualTo(before);
  }

  private static long children() {
    return ProcessHandle.current().descendants().count();
  }
}
