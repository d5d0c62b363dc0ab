package example;

import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Says how many places of a course are left. */
@SpringBootApplication
@RestController
public class Enrolment {

  public static void main(String[] arguments) {
    SpringApplication.run(Enrolment.class, arguments);
  }

  @GetMapping("/healthz")
  Map<String, String> healthz() {
    return Map.of("status", "ok");
  }

  @GetMapping("/places")
  Map<String, Integer> places(@RequestParam int size, @RequestParam int taken) {
    return Map.of("left", left(size, taken));
  }

  static int left(int size, int taken) {
    return Math.max(0, size - taken);
  }
}
