// A window that one file can be dragged out of: dragged FILE-URI. It says how a
// drag fares, a word a line.
#include <gtk/gtk.h>
#include <stdio.h>

static void say(const char *word) {
    puts(word);
    fflush(stdout);
}

static void give(GtkWidget *w, GdkDragContext *c, GtkSelectionData *data, guint info, guint time, gpointer uri) {
    gchar *uris[] = {uri, NULL};
    gtk_selection_data_set_uris(data, uris);
}

static void chosen(GdkDragContext *c, GdkDragAction action, gpointer x) {
    say(action == 0 ? "refused" : "accepted");
}

static void begun(GtkWidget *w, GdkDragContext *c, gpointer x) {
    g_signal_connect(c, "action-changed", G_CALLBACK(chosen), NULL);
    say("begun");
}

static void ended(GtkWidget *w, GdkDragContext *c, gpointer x) { say("ended"); }

int main(int argc, char **argv) {
    gtk_init(&argc, &argv);
    GtkWidget *window = gtk_window_new(GTK_WINDOW_TOPLEVEL), *box = gtk_event_box_new();
    gtk_window_set_title(GTK_WINDOW(window), "Files");
    gtk_window_set_default_size(GTK_WINDOW(window), 160, 90);
    gtk_window_set_keep_above(GTK_WINDOW(window), TRUE);
    gtk_container_add(GTK_CONTAINER(box), gtk_label_new("a file"));
    gtk_container_add(GTK_CONTAINER(window), box);
    gtk_drag_source_set(box, GDK_BUTTON1_MASK, NULL, 0, GDK_ACTION_COPY);
    gtk_drag_source_add_uri_targets(box);
    g_signal_connect(box, "drag-begin", G_CALLBACK(begun), NULL);
    g_signal_connect(box, "drag-data-get", G_CALLBACK(give), argv[1]);
    g_signal_connect(box, "drag-end", G_CALLBACK(ended), NULL);
    g_signal_connect(window, "destroy", G_CALLBACK(gtk_main_quit), NULL);
    gtk_widget_show_all(window);
    gtk_main();
    return 0;
}
