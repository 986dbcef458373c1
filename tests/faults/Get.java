import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.stream.Stream;

/** Gets a URL several times with the client of the JDK as it is, one after another and at once; prints the answers. */
class Get {
    public static void main(String[] arguments) throws Exception {
        var client = HttpClient.newHttpClient();
        var request = HttpRequest.newBuilder(URI.create(arguments[0])).build();
        for (int number = 0; number < 3; number++) {
            print(client.send(request, HttpResponse.BodyHandlers.ofString()));
        }
        var answers = Stream.generate(() -> client.sendAsync(request, HttpResponse.BodyHandlers.ofString()));
        answers.limit(5).toList().forEach(answer -> print(answer.join()));
    }

    private static void print(HttpResponse<String> answer) {
        System.out.println(answer.statusCode() + " " + answer.body());
    }
}
