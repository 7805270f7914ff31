import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.jena.graph.Graph;
import org.apache.jena.http.auth.AuthEnv;
import org.apache.jena.riot.RDFDataMgr;
import org.apache.jena.sparql.exec.http.GSP;
import org.apache.jena.sparql.exec.http.UpdateExecHTTP;

/**
 * Writing with a token through Jena's own clients of SPARQL Update and of the Graph Store Protocol; its commands take
 * no token. Jena sends it when it is challenged for one.
 *
 * Run from its source: Write SERVICE TOKEN GRAPH FILE. The file is an update (.ru), or RDF that the graph is to hold;
 * "-" drops the graph.
 */
public class Write {
    public static void main(String[] arguments) throws IOException {
        String service = arguments[0], token = arguments[1], graph = arguments[2], file = arguments[3];
        AuthEnv.get().setBearerTokenProvider((address, challenge) -> token);
        GSP store = GSP.service(service + "/store").graphName(graph);
        if (file.endsWith(".ru")) {
            UpdateExecHTTP.service(service + "/update").update(Files.readString(Path.of(file))).execute();
        } else if (file.equals("-")) {
            store.DELETE();
        } else {
            Graph sent = RDFDataMgr.loadGraph(file);
            store.PUT(sent);
            System.out.println(store.GET().isIsomorphicWith(sent) ? "the same" : "another");
        }
    }
}
