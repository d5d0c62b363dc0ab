package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;

import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.autoconfigure.web.servlet.AutoConfigureMockMvc;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.web.servlet.MockMvc;

@SpringBootTest
@AutoConfigureMockMvc
class EnrolmentTest {

  @Autowired
  private MockMvc http;

  @Test
  void aFullCourseHasNoPlaces() {
    assertEquals(0, Enrolment.left(20, 21));
  }

  @Test
  void placesAreAnswered() throws Exception {
    http.perform(get("/places?size=20&taken=5")).andExpect(jsonPath("$.left").value(15));
  }
}
